/** Gaussian blur of a square crop with a kernel of nine pixels. */
import type { RgbBytes } from './blend.ts';
import type { Scratch } from './scratch.ts';

/** Pixels on each side of the centre. */
const RADIUS = 4;

/** Half of the kernel: weights at distance 0..4; the nine weights sum to 1. */
export function gaussianWeights(sigma: number): Float32Array {
  const weights = Float32Array.from({ length: RADIUS + 1 }, (_, d) => Math.exp(-0.5 * (d / sigma) ** 2));
  let sum = weights[0]!;
  for (let d = 1; d <= RADIUS; d++) sum += 2 * weights[d]!;
  return weights.map((weight) => weight / sum);
}

/** Index of a row or column outside 0..size-1, mirrored at the border pixel (which is not repeated). */
function reflect(index: number, size: number): number {
  return index < 0 ? -index : index >= size ? 2 * size - 2 - index : index;
}

/**
 * Blurs RGB8 [sizePx, sizePx, 3] in place: separable, reflecting at the borders, in float, rounded to 8 bits at the end.
 *
 * @param sizePx at least 5, so that a reflection stays inside.
 * @param sigma  standard deviation in pixels, above 0.
 * @source torchvision 0.14, GaussianBlur with kernel_size 9.
 */
export function gaussianBlur(pixels: RgbBytes, sizePx: number, sigma: number, scratch: Scratch): void {
  const [w0, w1, w2, w3, w4] = gaussianWeights(sigma) as unknown as [number, number, number, number, number];
  const stride = 3 * sizePx;
  const pad = 3 * RADIUS;
  const source = scratch.passBytes(pixels.length);
  source.set(pixels);
  const row = scratch.rowFloats(stride + 2 * pad);
  const out = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length); // rounds on store
  for (let y = 0; y < sizePx; y++) {
    const above = [1, 2, 3, 4].map((d) => stride * reflect(y - d, sizePx));
    const below = [1, 2, 3, 4].map((d) => stride * reflect(y + d, sizePx));
    let centre = y * stride;
    let [a1, a2, a3, a4] = above as [number, number, number, number];
    let [b1, b2, b3, b4] = below as [number, number, number, number];
    for (let j = pad; j < stride + pad; j++) {
      row[j] =
        w0 * source[centre++]! +
        w1 * (source[a1++]! + source[b1++]!) +
        w2 * (source[a2++]! + source[b2++]!) +
        w3 * (source[a3++]! + source[b3++]!) +
        w4 * (source[a4++]! + source[b4++]!);
    }
    padRow(row, sizePx);
    const to = y * stride - pad;
    for (let j = pad; j < stride + pad; j++) {
      out[to + j] =
        w0 * row[j]! +
        w1 * (row[j - 3]! + row[j + 3]!) +
        w2 * (row[j - 6]! + row[j + 6]!) +
        w3 * (row[j - 9]! + row[j + 9]!) +
        w4 * (row[j - 12]! + row[j + 12]!);
    }
  }
}

/** Fills the four pixels on both sides of a row by reflection. */
function padRow(row: Float32Array, sizePx: number): void {
  for (let d = 1; d <= RADIUS; d++) {
    for (let channel = 0; channel < 3; channel++) {
      row[3 * (RADIUS - d) + channel] = row[3 * (RADIUS + d) + channel]!;
      row[3 * (RADIUS + sizePx - 1 + d) + channel] = row[3 * (RADIUS + sizePx - 1 - d) + channel]!;
    }
  }
}
