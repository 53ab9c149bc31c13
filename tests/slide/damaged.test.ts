/** Damaged files: every one gives either a valid read or a single error of the package, soon and in bounds. */
import { readFile, writeFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { DataError, isMvHybridError } from '../../src/errors.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import { assembleJpeg } from '../../src/slide/tiff/jpeg-tile.ts';
import { decodeLzw } from '../../src/slide/tiff/lzw.ts';
import { decodePackBits } from '../../src/slide/tiff/pack-bits.ts';
import { writePyramid } from '../../src/slide/tiff/write-pyramid.ts';
import { readCoords, writeCoords } from '../../src/slide/tiles/coords-file.ts';
import { sharedData } from '../support/paths.ts';
import { asSharp, colourful, temporaryFolder } from './pictures.ts';
import { buildTiff, RGB8, withTags } from './tiff-builder.ts';

const file = temporaryFolder('damaged');
const slides = sharedData('slides');
const CASES = 200;
const [W, H] = [200, 150];
const pixels = colourful(W, H);

const pyramid = (compression: 'jpeg' | 'deflate' | 'none', bigTiff: boolean) => (path: string) =>
  writePyramid(path, {
    widthPx: W,
    heightPx: H,
    readRows: (y, rows) => pixels.subarray(3 * W * y, 3 * W * (y + rows)),
    tilePx: 64,
    mpp: 0.5,
    description: 'Aperio Image Library\r\n200x150|MPP = 0.5|AppMag = 20',
    compression,
    bigTiff,
  });

const viaSharp = (options: object) => async (path: string) => {
  await asSharp(pixels, W, H)
    .tiff({ tile: true, tileWidth: 64, tileHeight: 64, pyramid: true, ...options })
    .toFile(path);
};

const ome = async (path: string) => {
  const xml =
    '<OME><Image Name="a"><Pixels SizeC="3" PhysicalSizeX="0.5"><Channel/><Channel/><Channel/><TiffData/></Pixels></Image></OME>';
  const planes = [0, 1, 2].map((c) => ({
    widthPx: W,
    heightPx: H,
    rowsPerStrip: 150,
    chunks: [deflateSync(pixels.filter((_, i) => i % 3 === c))],
    tags: withTags(
      RGB8,
      [258, 3, [8]],
      [259, 3, [8]],
      [262, 3, [1]],
      [277, 3, [1]],
      ...(c === 0 ? [[270, 2, xml] as const] : []),
    ),
  }));
  await writeFile(path, buildTiff(planes));
};

const FORMATS: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['SVS with JPEG tiles', pyramid('jpeg', false)],
  ['BigTIFF with Deflate tiles', pyramid('deflate', true)],
  ['uncompressed tiles', pyramid('none', false)],
  ['LZW tiles', viaSharp({ compression: 'lzw', predictor: 'horizontal' })],
  ['WebP tiles', viaSharp({ compression: 'webp' })],
  ['JPEG strips', (path) => asSharp(pixels, W, H).tiff({ compression: 'jpeg' }).toFile(path)],
  ['OME-TIFF of planes', ome],
];

/** Opens and reads a file in every way; returns what went wrong, or undefined. */
async function tryFile(path: string): Promise<unknown> {
  try {
    const slide = await openSlide(path, { reader: 'builtin', cacheBytes: 2 ** 20 });
    try {
      for (const [level, { widthPx, heightPx }] of slide.levels.entries()) {
        const region = {
          x: -3,
          y: -3,
          width: Math.min(300, widthPx + 5),
          height: Math.min(300, heightPx + 5),
        };
        const got = await slide.readLevel(level, region);
        expect(got.length).toBe(3 * region.width * region.height);
      }
      await slide.readThumbnail(50);
      for (const name of slide.associatedNames) await slide.readAssociated(name);
    } finally {
      await slide.close();
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Half of the cases are cut short; in the others 1 to 20 bits are flipped, mostly near the directories. */
function damage(whole: Uint8Array, rng: Rng, i: number): Uint8Array {
  if (i % 4 === 0) return whole.subarray(0, rng.integer(0, whole.length - 1));
  const bytes = Uint8Array.from(whole);
  const places =
    i % 4 === 1 ? [0, bytes.length - 1] : i % 4 === 2 ? [0, 15] : [bytes.length * 0.9, bytes.length - 1];
  const flips = rng.integer(1, i % 4 === 2 ? 3 : 20);
  for (let k = 0; k < flips; k++) {
    const at = rng.integer(Math.floor(places[0]!), places[1]!);
    bytes[at] = bytes[at]! ^ (1 << rng.integer(0, 7));
  }
  return bytes;
}

describe.each(FORMATS)('%s', (name, make) => {
  let whole: Uint8Array;
  beforeAll(async () => {
    await make(file('whole.tif'));
    whole = await readFile(file('whole.tif'));
    expect(await tryFile(file('whole.tif'))).toBeUndefined();
  });

  it(`${CASES} damaged copies give one line or a valid read`, { timeout: 240_000 }, async () => {
    const rng = new Rng(name);
    const before = process.memoryUsage().rss;
    let refused = 0;
    for (let i = 0; i < CASES; i++) {
      await writeFile(file('bad.tif'), damage(whole, rng, i));
      const start = performance.now();
      const error = await tryFile(file('bad.tif'));
      expect(performance.now() - start, `case ${i}`).toBeLessThan(10_000);
      if (error === undefined) continue;
      refused++;
      expect(isMvHybridError(error), `case ${i}: ${error}`).toBe(true);
      expect((error as Error).message, `case ${i}`).toMatch(/^[^\n]{20,900}$/);
    }
    expect(refused).toBeGreaterThan(CASES / 8);
    expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
  });
});

describe('coordinate files', () => {
  it(`${CASES} damaged copies give one line or a table`, async () => {
    const corners = Float64Array.from({ length: 400 }, (_, i) => 17 * i);
    const attributes = new Map([['patch_size', 256] as const, ['patch_level', 0] as const]);
    const sides = { sidePx: 256, sizePx: 256 };
    await writeCoords(file('c.h5'), { layout: 'clam', ...sides, corners, attributes, columns: new Map() });
    const whole = await readFile(file('c.h5'));
    const rng = new Rng('coords');
    for (let i = 0; i < CASES; i++) {
      await writeFile(file('bad.h5'), damage(whole, rng, i));
      const error = await readCoords(file('bad.h5')).then(
        () => undefined,
        (caught: unknown) => caught,
      );
      if (error !== undefined) expect(isMvHybridError(error), `case ${i}: ${error}`).toBe(true);
    }
  });
});

describe('decoders', () => {
  it('bound their output and name what ends early', () => {
    expect(() => decodeLzw(Uint8Array.of(0x80, 0x00), 100)).toThrow(RangeError);
    expect(() => decodeLzw(Uint8Array.of(0x80, 0x20, 0xff, 0xff), 100)).toThrow('before it was defined');
    expect(() => decodeLzw(Uint8Array.of(0x80, 0x40, 0x40), 100)).toThrow('stops after 0 of 100');
    expect(() => decodePackBits(Uint8Array.of(5, 1, 2), 10)).toThrow('ends after');
    expect([...decodePackBits(Uint8Array.of(0xfe, 7, 0x80, 1, 8, 9), 5)]).toEqual([7, 7, 7, 8, 9]);
    expect(() => assembleJpeg(Uint8Array.of(1, 2, 3), undefined, true)).toThrow('does not start as a JPEG');
    expect(() => assembleJpeg(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), undefined, true)).toThrow(
      'without a frame',
    );
  });
});

describe('directories', () => {
  it('that lead back to themselves end', async () => {
    const bytes = buildTiff([{ widthPx: 4, heightPx: 4, chunks: [new Uint8Array(48)], tags: RGB8 }]);
    const view = new DataView(bytes.buffer);
    const first = view.getUint32(4, true);
    view.setUint32(first + 2 + 12 * view.getUint16(first, true), first, true);
    await writeFile(file('loop.tif'), bytes);
    await expect(openSlide(file('loop.tif'), { reader: 'builtin' })).rejects.toThrow('leads back');
  });
});

describe.skipIf(slides === undefined)('known broken files', () => {
  it('give one clear line', async () => {
    await expect(openSlide(`${slides}/broken.svs`)).rejects.toThrow(DataError);
    await expect(openSlide(`${slides}/broken.svs`)).rejects.toThrow(/^[^\n]*broken\.svs[^\n]*$/);
    // Its directories are whole; the pixels are not.
    const slide = await openSlide(`${slides}/unreadable.svs`);
    const read = () => slide.readRegion({ x: 0, y: 0, width: 16, height: 16 });
    await expect(read()).rejects.toThrow(DataError);
    await expect(read()).rejects.toThrow(/^[^\n]*unreadable\.svs[^\n]*tile 0, 0[^\n]*copy or export[^\n]*$/);
    await slide.close();
  });
});
