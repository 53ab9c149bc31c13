import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { openImage } from '../../src/slide/image.ts';
import { sharedData } from '../support/paths.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mvhybrid-image-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Red counts columns, green counts rows, blue is 7. */
function gradient(width: number, height: number): Buffer {
  const pixels = Buffer.alloc(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    pixels.set([i % width, Math.floor(i / width), 7], 3 * i);
  }
  return pixels;
}

async function write(name: string, image: Sharp): Promise<string> {
  const path = join(folder, name);
  await image.toFile(path);
  return path;
}

const gradientImage = () => sharp(gradient(40, 30), { raw: { width: 40, height: 30, channels: 3 } });

describe('openImage', () => {
  it('reads a region pixel for pixel and paints white outside', async () => {
    const image = await openImage(await write('plain.png', gradientImage().png()));
    expect([image.widthPx, image.heightPx]).toEqual([40, 30]);
    expect([...(await image.readRegion({ x: 5, y: 9, width: 2, height: 2 }))]).toEqual([
      5, 9, 7, 6, 9, 7, 5, 10, 7, 6, 10, 7,
    ]);
    const corner = await image.readRegion({ x: 39, y: 29, width: 2, height: 2 });
    expect([...corner]).toEqual([39, 29, 7, ...Array(9).fill(255)]);
    const before = await image.readRegion({ x: -1, y: -1, width: 2, height: 2 });
    expect([...before]).toEqual([...Array(9).fill(255), 0, 0, 7]);
    expect((await image.readRegion({ x: 400, y: 2, width: 3, height: 3 })).every((v) => v === 255)).toBe(
      true,
    );
  });

  it('refuses fractional regions and reads after close', async () => {
    const image = await openImage(await write('closed.png', gradientImage().png()));
    await expect(image.readRegion({ x: 0.5, y: 0, width: 2, height: 2 })).rejects.toThrow(UsageError);
    await image.close();
    await image.close();
    await expect(image.readRegion({ x: 0, y: 0, width: 2, height: 2 })).rejects.toThrow('already closed');
  });

  it('converts grey, 16-bit, transparent and CMYK samples to RGB8', async () => {
    const flat = (channels: 1 | 3 | 4, value: number[]) =>
      sharp(Buffer.from(Array(64).fill(value).flat()), { raw: { width: 8, height: 8, channels } });
    const grey = await write('grey.png', flat(1, [90]).toColourspace('b-w').png());
    const alpha = await write('alpha.png', flat(4, [200, 100, 0, 51]).png());
    const deep = join(folder, 'deep.png');
    const words = new Uint16Array(Array(64).fill([0x8040, 0x20ff, 0xffff]).flat());
    await sharp(words, { raw: { width: 8, height: 8, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(deep);
    const cmyk = await write('cmyk.tif', flat(3, [150, 120, 140]).toColourspace('cmyk').tiff());
    const first = async (path: string) => [
      ...(await (await openImage(path)).readRegion({ x: 4, y: 4, width: 1, height: 1 })),
    ];
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    expect(await first(grey)).toEqual([90, 90, 90]);
    // 20 % of the colour on 80 % white.
    expect(await first(alpha)).toBeClose([244, 224, 204], { atol: 1 });
    expect(await first(deep)).toBeClose([0x80, 0x20, 0xff], { atol: 1 });
    expect(await first(cmyk)).toBeClose([150, 120, 140], { atol: 12 });
  });

  it('sees a file that was replaced since it was last opened', async () => {
    const first = async (background: string) => {
      const create = { width: 20, height: 20, channels: 3 as const, background };
      const image = await openImage(await write('replaced.png', sharp({ create })));
      return [...(await image.readRegion({ x: 3, y: 3, width: 1, height: 1 }))];
    };
    expect(await first('#102030')).toEqual([16, 32, 48]);
    expect(await first('#302010')).toEqual([48, 32, 16]);
  });

  it('names a missing file, a folder and an image above the limit', async () => {
    await expect(openImage(join(folder, 'nothing.png'))).rejects.toThrow(UsageError);
    await expect(openImage(folder)).rejects.toThrow('no regular file');
    const path = await write('big.png', gradientImage().png());
    const refused = openImage(path, { maxPixels: 1000 });
    await expect(refused).rejects.toThrow(DataError);
    await expect(refused).rejects.toThrow('40 x 30 pixels');
  });

  it.each(['jpg', 'png', 'tif'])('reports a truncated %s in one line', async (format) => {
    const whole = await write(
      `whole.${format}`,
      sharp({
        create: {
          width: 400,
          height: 400,
          channels: 3,
          background: '#888',
          noise: { type: 'gaussian', mean: 128, sigma: 40 },
        },
      }),
    );
    const bytes = await readFile(whole);
    const cut = join(folder, `cut.${format}`);
    await writeFile(cut, bytes.subarray(0, Math.floor(bytes.length / 2)));
    const error = await openImage(cut).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toContain(`cut.${format}`);
    expect((error as Error).message).not.toContain('\n');
  });

  it('reports text that is called an image', async () => {
    const path = join(folder, 'text.jpg');
    await writeFile(path, 'barcode,x,y\n');
    await expect(openImage(path)).rejects.toThrow(DataError);
  });

  it('shrinks a thumbnail by averaging', async () => {
    const image = await openImage(await write('thumb.png', gradientImage().png()));
    const small = await image.readThumbnail(10);
    expect([small.widthPx, small.heightPx, small.scale]).toEqual([10, 8, 0.25]);
    // Thumbnail column 4 covers source columns 16..19, whose mean is 17.5.
    expect(small.pixels[3 * (3 * 10 + 4)]).toBeGreaterThanOrEqual(17);
    expect(small.pixels[3 * (3 * 10 + 4)]).toBeLessThanOrEqual(18);
    expect((await image.readThumbnail(500)).scale).toBe(1);
  });
});

describe('pixel size from tags', () => {
  const withDensity = (name: string, dpi: number) =>
    write(name, gradientImage().withMetadata({ density: dpi }));

  it('believes PNG and TIFF tags in the range of microscopes', async () => {
    for (const name of ['half.png', 'half.tif']) {
      const image = await openImage(await withDensity(name, 50_800));
      expect(image.mpp, name).toBeCloseTo(0.5, 3);
    }
  });

  it('ignores print settings, JPEG, and values ten times too small', async () => {
    for (const [name, dpi] of [
      ['print.tif', 300],
      ['print.png', 72],
      ['photo.jpg', 50_800],
      ['trap.tif', 927_000],
    ] as const) {
      expect((await openImage(await withDensity(name, dpi))).mpp, name).toBeUndefined();
    }
  });
});

describe.skipIf(sharedData('slides') === undefined)('real scanner files', () => {
  it('opens a strip TIFF and the full level of a small SVS', async () => {
    const tiff = await openImage(`${sharedData('slides')}/kidney-48-5.tif`);
    expect([tiff.widthPx, tiff.heightPx]).toEqual([1493, 901]);
    const svs = await openImage(`${sharedData('slides')}/cmu-1-small-region.svs`);
    expect([svs.widthPx, svs.heightPx]).toEqual([2220, 2967]);
  });

  it('refuses broken ones with one line', async () => {
    for (const name of ['broken.svs', 'unreadable.svs']) {
      await expect(openImage(`${sharedData('slides')}/${name}`), name).rejects.toThrow(DataError);
    }
  });
});

describe.skipIf(sharedData('her2st') === undefined)('real section', () => {
  it('opens a breast section with its documented size', async () => {
    const image = await openImage(`${sharedData('her2st')}/A1/he.jpg`);
    expect([image.widthPx, image.heightPx]).toEqual([1531, 1092]);
    expect(image.mpp).toBeUndefined();
    const reference = await sharp(`${sharedData('her2st')}/A1/he.jpg`)
      .extract({ left: 700, top: 500, width: 16, height: 16 })
      .raw()
      .toBuffer();
    expect(await image.readRegion({ x: 700, y: 500, width: 16, height: 16 })).toEqual(
      new Uint8Array(reference),
    );
  });
});
