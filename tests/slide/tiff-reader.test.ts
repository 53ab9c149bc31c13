import { writeFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import type { WholeSlide } from '../../src/slide/whole-slide.ts';
import { asSharp, colourful, cut, difference, someRegions, temporaryFolder } from './pictures.ts';
import { buildTiff, RGB8, type TestPicture, withTags } from './tiff-builder.ts';

const file = temporaryFolder('tiff');
const [W, H] = [301, 213];
const pixels = colourful(W, H);
const builtin = (path: string) => openSlide(path, { reader: 'builtin' });

async function openBuilt(name: string, pictures: readonly TestPicture[], little = true): Promise<WholeSlide> {
  await writeFile(file(name), buildTiff(pictures, little));
  return builtin(file(name));
}

async function expectPixels(slide: WholeSlide, golden: Uint8Array, tolerance = 0): Promise<void> {
  for (const region of someRegions(W, H, 12)) {
    const { largest } = difference(await slide.readRegion(region), cut(golden, W, H, region));
    expect(largest, JSON.stringify(region)).toBeLessThanOrEqual(tolerance);
  }
  await slide.close();
}

/** Tiles of some samples per pixel, cut from a row-major picture and padded with zeros. */
function tiles(data: Uint8Array, samples: number, tilePx: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let top = 0; top < H; top += tilePx) {
    for (let left = 0; left < W; left += tilePx) {
      const tile = new Uint8Array(samples * tilePx * tilePx);
      for (let y = 0; y < Math.min(tilePx, H - top); y++) {
        const from = samples * ((top + y) * W + left);
        tile.set(data.subarray(from, from + samples * Math.min(tilePx, W - left)), samples * y * tilePx);
      }
      found.push(tile);
    }
  }
  return found;
}

const channel = (c: number) => pixels.filter((_, i) => i % 3 === c);

describe('lossless TIFFs of the picture library', () => {
  it.each([
    ['none', {}],
    ['lzw', {}],
    ['lzw', { predictor: 'horizontal' }],
    ['deflate', { predictor: 'horizontal' }],
    ['deflate', { predictor: 'none', bigtiff: true }],
    ['packbits', {}],
    ['webp', { quality: 100 }],
  ] as const)('%s %o, tiled pyramid and strips', async (compression, options) => {
    for (const tile of [true, false]) {
      const shape = tile ? { tile, tileWidth: 64, tileHeight: 64, pyramid: true } : {};
      const path = file(`${compression}-${tile}-${Object.keys(options)}.tif`);
      await asSharp(pixels, W, H)
        .tiff({ compression, ...shape, ...options })
        .toFile(path);
      const slide = await builtin(path);
      expect([slide.reader, slide.format, slide.widthPx, slide.heightPx]).toEqual([
        'builtin',
        'generic-tiff',
        W,
        H,
      ]);
      expect(slide.levels.length).toBe(tile ? 4 : 1);
      for (const [page, { widthPx, heightPx }] of slide.levels.entries()) {
        const whole = { x: 0, y: 0, width: widthPx, height: heightPx };
        const golden = await sharp(path, { page, ignoreIcc: true }).raw().toBuffer();
        expect(difference(await slide.readLevel(page, whole), golden).largest, `level ${page}`).toBe(0);
      }
      await expectPixels(slide, compression === 'webp' ? await sharp(path).raw().toBuffer() : pixels);
    }
  });

  it('JPEG in YCbCr equals what libtiff decodes', async () => {
    for (const tile of [true, false]) {
      const path = file(`jpeg-${tile}.tif`);
      const shape = tile ? { tile, tileWidth: 64, tileHeight: 64, pyramid: true } : {};
      await asSharp(pixels, W, H)
        .tiff({ compression: 'jpeg', quality: 80, ...shape })
        .toFile(path);
      await expectPixels(await builtin(path), await sharp(path).raw().toBuffer());
    }
  });

  it('16-bit and grey samples become 8-bit RGB', async () => {
    const deep = file('deep.tif');
    const words = Uint16Array.from(pixels, (value, i) => 256 * value + (i % 200));
    await sharp(words, { raw: { width: W, height: H, channels: 3 } })
      .toColourspace('rgb16')
      .tiff({ compression: 'lzw', predictor: 'horizontal', tile: true, tileWidth: 64, tileHeight: 64 })
      .toFile(deep);
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    await expectPixels(await builtin(deep), pixels);
    const grey = file('grey.tif');
    await sharp(channel(1), { raw: { width: W, height: H, channels: 1 } })
      .toColourspace('b-w')
      .tiff({ compression: 'deflate', tile: true, tileWidth: 64, tileHeight: 64 })
      .toFile(grey);
    await expectPixels(
      await builtin(grey),
      Uint8Array.from(pixels, (_, i) => pixels[i - (i % 3) + 1]!),
    );
  });
});

describe('hand-made TIFFs', () => {
  const size = { widthPx: W, heightPx: H };

  it('planes of their own, little- and big-endian', async () => {
    const chunks = [0, 1, 2].flatMap((c) => tiles(channel(c), 1, 48)).map((tile) => deflateSync(tile));
    const tags = withTags(RGB8, [259, 3, [8]], [284, 3, [2]]);
    for (const little of [true, false])
      await expectPixels(
        await openBuilt('planar.tif', [{ ...size, tilePx: 48, chunks, tags }], little),
        pixels,
      );
  });

  it('16-bit big-endian samples with a predictor', async () => {
    const words = tiles(pixels, 3, 64).map((tile) => {
      const bytes = Buffer.alloc(2 * tile.length);
      for (let i = 0; i < tile.length; i++) {
        const before = i % 192 < 3 ? 0 : 256 * tile[i - 3]! + 9;
        bytes.writeUInt16BE((256 * tile[i]! + 9 - before + 65_536) % 65_536, 2 * i);
      }
      return deflateSync(bytes);
    });
    const tags = withTags(RGB8, [258, 3, [16, 16, 16]], [259, 3, [8]], [317, 3, [2]]);
    const picture = { ...size, tilePx: 64, chunks: words, tags };
    await expectPixels(await openBuilt('deep-be.tif', [picture], false), pixels);
  });

  it('one large uncompressed strip, several strips, and transparency on white', async () => {
    await expectPixels(await openBuilt('strip.tif', [{ ...size, chunks: [pixels], tags: RGB8 }]), pixels);
    const rows = 50;
    const chunks = Array.from({ length: Math.ceil(H / rows) }, (_, i) =>
      pixels.subarray(3 * W * rows * i, 3 * W * rows * (i + 1)),
    );
    await expectPixels(
      await openBuilt('strips.tif', [{ ...size, rowsPerStrip: rows, chunks, tags: RGB8 }]),
      pixels,
    );
    const alpha = Uint8Array.from({ length: 4 * W * H }, (_, i) =>
      i % 4 === 3 ? 51 : pixels[3 * Math.floor(i / 4) + (i % 4)]!,
    );
    const tags = withTags(RGB8, [258, 3, [8, 8, 8, 8]], [277, 3, [4]], [338, 3, [2]]);
    const onWhite = Uint8Array.from(pixels, (value) => Math.round(0.2 * value + 204));
    await expectPixels(await openBuilt('alpha.tif', [{ ...size, chunks: [alpha], tags }]), onWhite, 1);
  });

  it('palettes and inverted grey', async () => {
    const palette = Array.from({ length: 768 }, (_, i) => 257 * ((i * 7 + Math.floor(i / 256)) % 256));
    const index = channel(0);
    const single = withTags(RGB8, [258, 3, [8]], [277, 3, [1]]);
    const coloured = withTags(single, [262, 3, [3]], [320, 3, palette]);
    const golden = Uint8Array.from(
      pixels,
      (_, i) => palette[256 * (i % 3) + index[Math.floor(i / 3)]!]! >> 8,
    );
    await expectPixels(
      await openBuilt('palette.tif', [{ ...size, chunks: [index], tags: coloured }]),
      golden,
    );
    const inverted = withTags(single, [262, 3, [0]]);
    await expectPixels(
      await openBuilt('white-zero.tif', [{ ...size, chunks: [index], tags: inverted }]),
      Uint8Array.from(pixels, (_, i) => 255 - index[Math.floor(i / 3)]!),
    );
  });

  it('a tile that was never written is white', async () => {
    const chunks = tiles(pixels, 3, 64);
    chunks[0] = new Uint8Array();
    const slide = await openBuilt('sparse.tif', [{ ...size, tilePx: 64, chunks, tags: RGB8 }]);
    const corner = await slide.readRegion({ x: 60, y: 0, width: 8, height: 1 });
    expect([...corner.subarray(0, 12)]).toEqual(Array(12).fill(255));
    expect([...corner.subarray(12)]).toEqual([...pixels.subarray(3 * 64, 3 * 68)]);
    await slide.close();
  });

  it('associated pictures of an Aperio slide', async () => {
    const strip = (name: string, subfile: number): TestPicture => ({
      widthPx: 30,
      heightPx: 10,
      chunks: [Uint8Array.from({ length: 900 }, (_, i) => (i + name.length) % 256)],
      tags: withTags(RGB8, [254, 4, [subfile]], [270, 2, `Aperio Image\r\n${name} 30x10`]),
    });
    const description = 'Aperio Image Library v1\r\n301x213 (64x64) Q=70|AppMag = 40|MPP = 0.2520|User = x=y';
    const tags = withTags(RGB8, [270, 2, description]);
    const base = { ...size, tilePx: 64, chunks: tiles(pixels, 3, 64), tags };
    const slide = await openBuilt('assoc.svs', [
      base,
      strip('thumb', 0),
      strip('label', 1),
      strip('macro', 9),
    ]);
    expect([slide.format, slide.mpp]).toEqual(['aperio', 0.252]);
    expect(slide.properties.get('aperio.User')).toBe('x=y');
    expect(slide.associatedNames).toEqual(['thumbnail', 'label', 'macro']);
    const label = await slide.readAssociated('label');
    expect([label.widthPx, label.heightPx, label.pixels[0], label.pixels[899]]).toEqual([
      30,
      10,
      5,
      904 % 256,
    ]);
    await expect(slide.readAssociated('photo')).rejects.toThrow('one of thumbnail, label, macro');
    await slide.close();
  });
});

describe('what the built-in reader leaves to OpenSlide', () => {
  const base = { widthPx: W, heightPx: H, tilePx: 64, chunks: tiles(pixels, 3, 64) };

  it.each([
    ['JPEG 2000', withTags(RGB8, [259, 3, [33003]])],
    ['Zstandard', withTags(RGB8, [259, 3, [50000]])],
    ['Hamamatsu NDPI', withTags(RGB8, [65420, 4, [1]])],
    ['Leica SCN', withTags(RGB8, [270, 2, '<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'])],
    ['Philips TIFF', withTags(RGB8, [305, 2, 'Philips DP v1.0'])],
    ['Ventana slide', withTags(RGB8, [700, 7, Buffer.from('<xmp><iScan Mag="40"/></xmp>')])],
    ['32 bits per sample', withTags(RGB8, [258, 3, [32, 32, 32]])],
    ['photometric interpretation 5', withTags(RGB8, [262, 3, [5]])],
  ])('%s is refused in one line', async (what, tags) => {
    await writeFile(file('foreign.tif'), buildTiff([{ ...base, tags }]));
    const error = await builtin(file('foreign.tif')).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(new RegExp(`found.*${what}.*install OpenSlide`));
  });
});
