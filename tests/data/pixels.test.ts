/** Properties of the pixel operations that can be checked without a reference. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  luma,
  solarize,
  toGrayscale,
} from '../../src/data/pixels/blend.ts';
import { drawCropBox, roundHalfEven } from '../../src/data/pixels/crop-box.ts';
import { gaussianBlur } from '../../src/data/pixels/gaussian-blur.ts';
import { adjustHue } from '../../src/data/pixels/hue.ts';
import { normalizeInto, normalizeTable } from '../../src/data/pixels/normalize.ts';
import { resizeBox } from '../../src/data/pixels/resize.ts';
import { Scratch } from '../../src/data/pixels/scratch.ts';
import { randomPixels } from './generated-patches.ts';
import { packed } from './golden-cases.ts';

const scratch = new Scratch();
const colour = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 0, max: 255 })));
const RATIO = [3 / 4, 4 / 3] as const;

describe('drawCropBox', () => {
  const side = fc.integer({ min: 1, max: 400 });

  it('stays inside the patch', () => {
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer(),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (w, h, seed, low) => {
          const { x, y, width, height } = drawCropBox(new Rng(seed), w, h, { scale: [low, 1], ratio: RATIO });
          expect([x, y, width, height].every(Number.isInteger)).toBe(true);
          expect(width >= 1 && height >= 1 && x >= 0 && y >= 0).toBe(true);
          expect(x + width <= w && y + height <= h).toBe(true);
        },
      ),
    );
  });

  it('keeps to area and aspect, up to the rounding of sides', () => {
    for (const scale of [
      [0.32, 1],
      [0.05, 0.32],
    ] as const) {
      for (let seed = 0; seed < 500; seed++) {
        const { width, height } = drawCropBox(new Rng(seed), 256, 256, { scale, ratio: RATIO });
        const area = (width * height) / 65536;
        expect(area).toBeGreaterThan(scale[0] * 0.97);
        expect(area).toBeLessThanOrEqual(Math.min(1, scale[1] * 1.03));
        expect(width / height).toBeGreaterThan(RATIO[0] * 0.97);
        expect(width / height).toBeLessThan(RATIO[1] * 1.03);
      }
    }
  });

  it('reaches every pixel of the patch, the middle more often than the corners', () => {
    const hits = new Int32Array(64 * 64);
    for (let seed = 0; seed < 2000; seed++) {
      const box = drawCropBox(new Rng(seed), 64, 64, { scale: [0.05, 0.32], ratio: RATIO });
      for (let y = box.y; y < box.y + box.height; y++)
        for (let x = box.x; x < box.x + box.width; x++) hits[64 * y + x]!++;
    }
    expect(Math.min(...hits)).toBeGreaterThan(0);
    expect(hits[64 * 32 + 32]!).toBeGreaterThan(5 * hits[0]!);
  });

  it('falls back to the largest central box when nothing fits', () => {
    const always = { uniform: (_: number, high: number) => high, integer: (low: number) => low };
    const scale = [1, 1] as const;
    expect(drawCropBox(always, 100, 60, { scale, ratio: RATIO })).toEqual({
      x: 10,
      y: 0,
      width: 80,
      height: 60,
    });
    expect(drawCropBox(always, 60, 100, { scale, ratio: RATIO })).toEqual({
      x: 0,
      y: 10,
      width: 60,
      height: 80,
    });
    expect(drawCropBox(always, 64, 60, { scale, ratio: RATIO })).toEqual({
      x: 0,
      y: 0,
      width: 64,
      height: 60,
    });
  });
});

describe('roundHalfEven', () => {
  it('takes halves to the even neighbour', () => {
    expect([0.5, 1.5, 2.5, 3.5, 2.4999, 2.5001].map(roundHalfEven)).toEqual([0, 2, 2, 4, 2, 3]);
  });
});

function resize(pixels: Uint8Array, sidePx: number, sizePx: number, mirror = false): Uint8ClampedArray {
  const out = new Uint8ClampedArray(3 * sizePx * sizePx);
  const box = { x: 0, y: 0, width: sidePx, height: sidePx };
  resizeBox(packed({ pixels, widthPx: sidePx, heightPx: sidePx }), box, sizePx, { mirror, out, scratch });
  return out;
}

describe('resizeBox', () => {
  it('keeps a plain colour', () => {
    fc.assert(
      fc.property(
        colour,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (rgb, from, to) => {
          const plain = Uint8Array.from({ length: 3 * from * from }, (_, i) => rgb[i % 3]!);
          expect(resize(plain, from, to).every((value, i) => value === rgb[i % 3])).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('copies where the size stays, and mirrored twice it is as before', () => {
    const pixels = randomPixels('copy', 23);
    expect([...resize(pixels, 23, 23)]).toEqual([...pixels]);
    const once = resize(pixels, 23, 23, true);
    expect([...once.slice(0, 3)]).toEqual([...pixels.slice(66, 69)]);
    expect([...resize(new Uint8Array(once), 23, 23, true)]).toEqual([...pixels]);
  });

  it('mirrors the resized picture', () => {
    const pixels = randomPixels('mirror', 30);
    const [straight, mirrored] = [resize(pixels, 30, 11), resize(pixels, 30, 11, true)];
    for (let y = 0; y < 11; y++)
      for (let x = 0; x < 11; x++)
        for (let c = 0; c < 3; c++)
          expect(mirrored[3 * (11 * y + 10 - x) + c]).toBe(straight[3 * (11 * y + x) + c]);
  });

  it('does not look outside the box', () => {
    const pixels = randomPixels('box', 20);
    const box = { x: 4, y: 6, width: 9, height: 7 };
    const cut = () => {
      const out = new Uint8ClampedArray(3 * 12 * 12);
      resizeBox(packed({ pixels, widthPx: 20, heightPx: 20 }), box, 12, { out, scratch });
      return [...out];
    };
    const before = cut();
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [Math.floor(i / 3) % 20, Math.floor(i / 60)];
      const inside = x >= 4 && x < 13 && y >= 6 && y < 13;
      if (!inside) pixels[i] = 255 - pixels[i]!;
    }
    expect(cut()).toEqual(before);
  });
});

describe('gaussianBlur', () => {
  it('keeps a plain colour and, without it, brings samples closer to their neighbours', () => {
    const plain = Uint8ClampedArray.from({ length: 3 * 64 }, (_, i) => [9, 120, 250][i % 3]!);
    gaussianBlur(plain, 8, 1.5, scratch);
    expect([...plain].every((value, i) => value === [9, 120, 250][i % 3])).toBe(true);
    const point = new Uint8ClampedArray(3 * 81);
    point[3 * 40] = 255;
    gaussianBlur(point, 9, 1, scratch);
    // exp(-1/2) / exp(0), and the same in all four directions
    const [centre, right, down] = [point[120]!, point[123]!, point[120 + 27]!];
    expect([point[117], point[120 - 27], down]).toEqual([right, right, right]);
    expect(right / centre).toBeCloseTo(Math.exp(-0.5), 1);
    expect(point.filter((_, i) => i % 3 !== 0).every((value) => value === 0)).toBe(true);
  });
});

describe('colours', () => {
  const one = (rgb: readonly number[], change: (pixels: Uint8ClampedArray) => void) => {
    const pixels = Uint8ClampedArray.from(rgb);
    change(pixels);
    return [...pixels];
  };

  it('stay for a factor of 1', () => {
    fc.assert(
      fc.property(colour, (rgb) => {
        for (const adjust of [adjustBrightness, adjustContrast, adjustSaturation])
          expect(one(rgb, (pixels) => adjust(pixels, 1))).toEqual(rgb);
      }),
    );
  });

  it('follow their definitions', () => {
    expect(one([10, 100, 200], (p) => adjustBrightness(p, 1.5))).toEqual([15, 150, 255]);
    expect(one([10, 100, 200], (p) => adjustBrightness(p, 0))).toEqual([0, 0, 0]);
    expect(luma(255, 255, 255)).toBe(255);
    expect([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)]).toEqual([76, 150, 29]);
    expect(one([10, 100, 200], (p) => adjustSaturation(p, 0))).toEqual([84, 84, 84]);
    expect(one([10, 100, 200], toGrayscale)).toEqual([84, 84, 84]);
    // mean luma of black and white is 127.5, rounded to 128
    expect(one([0, 0, 0, 255, 255, 255], (p) => adjustContrast(p, 0.5))).toEqual([64, 64, 64, 191, 191, 191]);
    expect(one([127, 128, 0], (p) => solarize(p, 128))).toEqual([127, 127, 0]);
  });

  it('turn red to green to blue and leave grey alone', () => {
    expect(one([255, 0, 0], (p) => adjustHue(p, 1 / 3))).toEqual([0, 255, 0]);
    expect(one([0, 255, 0], (p) => adjustHue(p, 1 / 3))).toEqual([0, 0, 255]);
    expect(one([0, 0, 255], (p) => adjustHue(p, 1 / 3))).toEqual([255, 0, 0]);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        (grey, shift) => {
          expect(one([grey, grey, grey], (p) => adjustHue(p, shift))).toEqual([grey, grey, grey]);
        },
      ),
    );
  });

  it('keep the highest channel and come near themselves when turned there and back', () => {
    fc.assert(
      fc.property(colour, (rgb) => {
        const turned = one(rgb, (p) => adjustHue(p, 0.25));
        expect(Math.max(...turned)).toBe(Math.max(...rgb));
        const back = one(turned, (p) => adjustHue(p, -0.25));
        // Hue is cut to steps of 1/255 twice, worth 6 levels each, saturation too, 1 each; over all colours the
        // largest difference is 14.
        for (const c of [0, 1, 2]) expect(Math.abs(back[c]! - rgb[c]!)).toBeLessThanOrEqual(14);
      }),
    );
  });

  it('are normalised per channel into planes', () => {
    const out = new Float32Array(6);
    normalizeInto(
      Uint8ClampedArray.of(0, 255, 51, 255, 0, 204),
      normalizeTable([0, 0, 0], [1, 0.5, 1]),
      out,
      0,
    );
    expect([...out]).toEqual([0, 1, 2, 0, Math.fround(0.2), Math.fround(0.8)]);
  });
});
