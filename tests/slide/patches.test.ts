import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { openImage } from '../../src/slide/image.ts';
import { imageFromPixels } from '../../src/slide/memory-image.ts';
import { checkSpotsInside, patchGeometry, patchRegion } from '../../src/slide/patch-geometry.ts';
import { readPatch, readPatches } from '../../src/slide/read-patches.ts';
import { sharedData } from '../support/paths.ts';

/** Red rises by 2 a column, green by 3 a row, blue is 100. */
function ramp(width: number, height: number) {
  const pixels = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set([2 * x, 3 * y, 100], 3 * (y * width + x));
  }
  return imageFromPixels({ pixels, widthPx: width, heightPx: height, path: 'ramp' });
}

describe('patchGeometry', () => {
  it('turns micrometres into pixels', () => {
    expect(patchGeometry({ patchUm: 112, mpp: 0.5, sizePx: 224 })).toMatchObject({ sidePx: 224 });
    const odd = patchGeometry({ patchUm: 112, mpp: 1.357, sizePx: 224 });
    expect(odd.sidePx).toBe(83);
    expect(odd.exactSidePx).toBeCloseTo(82.535, 3);
  });

  it('places the patch as the HEST benchmark does for whole-number centres', () => {
    for (const sidePx of [82, 83, 224, 447]) {
      const geometry = patchGeometry({ patchUm: sidePx, mpp: 1, sizePx: 8 });
      for (const c of [0, 41, 1000, 1001]) {
        expect(patchRegion(geometry, { x: c, y: c + 3 })).toEqual({
          x: c - Math.floor(sidePx / 2),
          y: c + 3 - Math.floor(sidePx / 2),
          width: sidePx,
          height: sidePx,
        });
      }
    }
  });

  it('refuses values that make no patch', () => {
    expect(() => patchGeometry({ patchUm: 112, mpp: 0, sizePx: 224 })).toThrow(UsageError);
    expect(() => patchGeometry({ patchUm: 112, mpp: Number.NaN, sizePx: 224 })).toThrow(UsageError);
    expect(() => patchGeometry({ patchUm: 112, mpp: 0.5, sizePx: 22.5 })).toThrow(UsageError);
    expect(() => patchGeometry({ patchUm: 112, mpp: 500, sizePx: 224 })).toThrow('unit of mpp');
  });
});

describe('checkSpotsInside', () => {
  const image = { path: 'a.png', widthPx: 100, heightPx: 50 };

  it('accepts centres up to the border', () => {
    checkSpotsInside(
      [
        { barcode: 'a', x: 0, y: 0 },
        { barcode: 'b', x: 100, y: 50 },
      ],
      image,
    );
  });

  it('names the first spot outside, the size and the count', () => {
    const spots = [
      { barcode: 'in', x: 5, y: 5 },
      { barcode: '3x4', x: 120.5, y: 5 },
      { barcode: 'nan', x: Number.NaN, y: 5 },
    ];
    expect(() => checkSpotsInside(spots, image)).toThrow(DataError);
    expect(() => checkSpotsInside(spots, image)).toThrow(
      /100 x 50.*2 of 3 spots outside the image, the first 3x4 at \(120\.5, 5\).*wrong image/,
    );
  });
});

describe('readPatch', () => {
  it('copies pixels when no resampling is needed', async () => {
    const geometry = patchGeometry({ patchUm: 4, mpp: 1, sizePx: 4 });
    const patch = await readPatch(ramp(100, 80), { x: 50, y: 40 }, geometry);
    // Columns 48..51, rows 38..41: the centre (50, 40) is the corner shared by the four middle pixels.
    expect([...patch.subarray(0, 6)]).toEqual([96, 114, 100, 98, 114, 100]);
    expect([...patch.subarray(45)]).toEqual([102, 123, 100]);
  });

  it('pads with white in proportion when the patch leaves the image', async () => {
    const geometry = patchGeometry({ patchUm: 8, mpp: 1, sizePx: 4 });
    const patch = await readPatch(ramp(100, 80), { x: 0, y: 40 }, geometry);
    // The left half lies outside. Blue: white in column 0, the image's 100 in column 3.
    expect(patch[2]).toBeGreaterThanOrEqual(250);
    expect(patch[3 * 3 + 2]).toBeLessThanOrEqual(105);
  });

  it.each([
    ['shrinking', 64, 16],
    ['shrinking by a fraction', 50, 32],
    ['shrinking a lot', 64, 4],
    ['enlarging', 16, 64],
    ['enlarging by a fraction', 25, 32],
  ])('keeps a ramp in place when %s', async (_, sidePx, sizePx) => {
    const geometry = patchGeometry({ patchUm: sidePx, mpp: 1, sizePx });
    const patch = await readPatch(ramp(120, 80), { x: 60, y: 40 }, geometry);
    const { x, y } = patchRegion(geometry, { x: 60, y: 40 });
    const step = sidePx / sizePx;
    const actual: number[] = [];
    const wanted: number[] = [];
    // Away from the border, where the kernel sees no repeated edge pixels.
    const margin = Math.ceil(3 / step);
    for (let j = margin; j < sizePx - margin; j++) {
      const at = 3 * (j * sizePx + j);
      actual.push(patch[at]!, patch[at + 1]!, patch[at + 2]!);
      // Output pixel j covers the source interval [j, j + 1) * step, whose middle lies at (j + 0.5) * step.
      wanted.push(2 * (x + (j + 0.5) * step - 0.5), 3 * (y + (j + 0.5) * step - 0.5), 100);
    }
    expect(actual).toBeClose(wanted, { atol: 1.01 });
  });

  it('averages a fine checkerboard to grey instead of aliasing', async () => {
    const pixels = new Uint8Array(3 * 64 * 64);
    for (let i = 0; i < 64 * 64; i++)
      pixels.fill(((i % 64) + Math.floor(i / 64)) % 2 ? 255 : 0, 3 * i, 3 * i + 3);
    const image = imageFromPixels({ pixels, widthPx: 64, heightPx: 64, path: 'checker' });
    const geometry = patchGeometry({ patchUm: 48, mpp: 1, sizePx: 16 });
    const patch = await readPatch(image, { x: 32, y: 32 }, geometry);
    for (const value of patch) expect(Math.abs(value - 127.5)).toBeLessThan(8);
  });
});

describe('readPatches', () => {
  const geometry = patchGeometry({ patchUm: 6, mpp: 1, sizePx: 6 });
  const spots = Array.from({ length: 25 }, (_, i) => ({ x: 10 + 3 * i, y: 20 }));

  it('keeps the order for any concurrency', async () => {
    for (const concurrency of [1, 3, 64]) {
      const reds: number[] = [];
      for await (const { index, pixels } of readPatches(ramp(100, 80), spots, geometry, { concurrency })) {
        expect(index).toBe(reds.length);
        reds.push(pixels[0]!);
      }
      expect(reds).toEqual(spots.map(({ x }) => 2 * (x - 3)));
    }
  });

  it('reads no further ahead than asked', async () => {
    const image = ramp(100, 80);
    let active = 0;
    let most = 0;
    const slow = {
      path: image.path,
      widthPx: image.widthPx,
      heightPx: image.heightPx,
      readThumbnail: (side: number) => image.readThumbnail(side),
      close: () => image.close(),
      readRegion: async (region: Parameters<typeof image.readRegion>[0]) => {
        most = Math.max(most, ++active);
        await new Promise((resolve) => setTimeout(resolve, 1));
        active--;
        return image.readRegion(region);
      },
    };
    let seen = 0;
    for await (const { pixels } of readPatches(slow, spots, geometry, { concurrency: 3 }))
      seen += pixels.length;
    expect(seen).toBe(25 * 108);
    expect(most).toBe(3);
  });

  it('throws a failed read at its place and stops on abort', async () => {
    const image = ramp(100, 80);
    await image.close();
    await expect(readPatches(image, spots, geometry).next()).rejects.toThrow('already closed');
    const signal = AbortSignal.abort(new Error('stop now'));
    await expect(readPatches(ramp(9, 9), spots, geometry, { signal }).next()).rejects.toThrow('stop now');
    await expect(readPatches(ramp(9, 9), spots, geometry, { concurrency: 0 }).next()).rejects.toThrow(
      UsageError,
    );
  });

  it.each([
    ['copying', 256],
    ['enlarging', 124],
    ['shrinking', 448],
  ])('delivers more than 300 patches of 256 pixels a second on one core when %s', async (_, sidePx) => {
    const image = ramp(1500, 1200);
    const line = Array.from({ length: 150 }, (_, i) => ({ x: 400 + 3 * i, y: 600 }));
    const geometry = patchGeometry({ patchUm: sidePx, mpp: 1, sizePx: 256 });
    let fastest = 0;
    for (let round = 0; round < 3; round++) {
      // Processor time of all threads: what one core alone would need, whatever else the machine does.
      const start = process.cpuUsage();
      let count = 0;
      for await (const { pixels } of readPatches(image, line, geometry))
        count += pixels.length / (3 * 256 * 256);
      const { user, system } = process.cpuUsage(start);
      expect(count).toBe(150);
      fastest = Math.max(fastest, (1e6 * count) / (user + system));
    }
    console.info(`${sidePx} px to 256 px: ${fastest.toFixed(0)} patches per core second`);
    expect(fastest).toBeGreaterThan(300);
  });
});

describe.skipIf(sharedData('her2st') === undefined)('real section', () => {
  const folder = sharedData('her2st');

  it('reads stained tissue at every spot', async () => {
    const image = await openImage(`${folder}/C3/he.jpg`);
    const { um_per_px } = JSON.parse(readFileSync(`${folder}/meta.json`, 'utf8')).C3;
    const lines = readFileSync(`${folder}/C3/spots.csv`, 'utf8').trimEnd().split('\n').slice(1);
    const spots = lines.map((line) => {
      const [barcode, , , x, y] = line.split(',');
      return { barcode: barcode!, x: Number(x), y: Number(y) };
    });
    checkSpotsInside(spots, image);
    // The coordinates of the full-size scan do not fit the half-size picture.
    const doubled = spots.map((spot) => ({ ...spot, x: 2 * spot.x, y: 2 * spot.y }));
    expect(() => checkSpotsInside(doubled, image)).toThrow('of 180 spots outside the image');
    const geometry = patchGeometry({ patchUm: 112, mpp: um_per_px, sizePx: 224 });
    let [tissue, glass] = [0, 0];
    for await (const { index, pixels } of readPatches(image, spots, geometry)) {
      tissue += pixels.reduce((sum, value) => sum + value, 0) / pixels.length / spots.length;
      const away = await readPatch(image, { x: 60 + index, y: 60 }, geometry);
      glass += away.reduce((sum, value) => sum + value, 0) / away.length / spots.length;
    }
    // Spots lie on tissue: clearly darker than the empty corner.
    expect(tissue).toBeLessThan(glass - 40);
  });
});
