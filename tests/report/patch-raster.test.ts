import { describe, expect, it } from 'vitest';
import { paintPatches, patchRange } from '../../src/report/patch-raster.ts';

const grey = (widthPx: number, heightPx: number) => new Uint8Array(3 * widthPx * heightPx).fill(100);
/** Red for the low end, green for the high one. */
const style = {
  colormap: (t: number) => [255 * (1 - t), 255 * t, 0] as const,
  range: [0, 1] as const,
  opacity: 0.5,
};

function pixel(pixels: Uint8Array, width: number, x: number, y: number): number[] {
  return [...pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

describe('paintPatches', () => {
  it('mixes colour and grey inside the squares, leaves the rest, and does not change its input', () => {
    const picture = { pixels: grey(8, 4), widthPx: 8, heightPx: 4, scale: 0.1 };
    const out = paintPatches(picture, { corners: [20, 10], sidePx: 20, values: [1] }, style);
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 8; x++) {
        const inside = x >= 2 && x < 4 && y >= 1 && y < 3;
        expect(pixel(out, 8, x, y)).toEqual(inside ? [50, 178, 50] : [100, 100, 100]);
      }
    }
    expect(picture.pixels.every((value) => value === 100)).toBe(true);
  });

  it('gives the mean where patches overlap, and nothing where a value is missing', () => {
    const picture = { pixels: grey(6, 1), widthPx: 6, heightPx: 1, scale: 1 };
    const field = { corners: [0, 0, 1, 0, 4, 0], sidePx: 2, values: [0, 1, Number.NaN] };
    const out = paintPatches(picture, field, { ...style, opacity: 1 });
    expect([0, 1, 2, 3, 4, 5].map((x) => pixel(out, 6, x, 0))).toEqual([
      [255, 0, 0],
      [128, 128, 0],
      [0, 255, 0],
      [100, 100, 100],
      [100, 100, 100],
      [100, 100, 100],
    ]);
  });

  it('gives the same picture band by band as at once', () => {
    const field = { corners: [0, 0, 7, 5, 13, 11, 3, 14], sidePx: 6, values: [0, 0.3, 0.8, 1] };
    const whole = paintPatches({ pixels: grey(10, 10), widthPx: 10, heightPx: 10, scale: 0.5 }, field, style);
    for (let topPx = 0; topPx < 10; topPx += 2) {
      const band = paintPatches(
        { pixels: grey(10, 2), widthPx: 10, heightPx: 2, topPx, scale: 0.5 },
        field,
        style,
      );
      expect(band).toEqual(whole.subarray(30 * topPx, 30 * (topPx + 2)));
    }
  });

  it('leaves no seam between neighbours, whatever the scale', () => {
    for (const scale of [0.031, 0.1, 0.37, 0.73]) {
      const side = 37;
      const corners = Array.from({ length: 64 }, (_, i) => [(i % 8) * side, (i >> 3) * side]).flat();
      const size = Math.floor(8 * side * scale);
      const picture = { pixels: grey(size, size), widthPx: size, heightPx: size, scale };
      const values = new Float64Array(64).fill(1);
      const out = paintPatches(picture, { corners, sidePx: side, values }, { ...style, opacity: 1 });
      expect(out.every((value, i) => value === [0, 255, 0][i % 3])).toBe(true);
    }
  });
});

describe('patchRange', () => {
  it('leaves out one percent at both ends', () => {
    const values = Array.from({ length: 201 }, (_, i) => i);
    expect(patchRange([...values, Number.NaN])).toEqual([2, 198]);
    expect(patchRange([3, 3, 3])).toEqual([2.5, 3.5]);
    expect(patchRange([])).toEqual([0, 1]);
  });
});
