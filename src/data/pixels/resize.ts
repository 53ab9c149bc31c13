/** Bicubic resizing of a box of a picture, antialiased, in 8-bit fixed point. */
import type { CropBox, RgbImage } from './rgb-image.ts';
import type { Scratch } from './scratch.ts';

/** Fraction bits of a weight: 8-bit pixels times weights that sum to 1 stay within 32 bits. */
const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

/** For output pixel i: `count[i]` source pixels from `first[i]` on, with weights `weights[i * stride ..]`. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Keys' cubic with a = -0.5 (Catmull-Rom). */
function cubic(offset: number): number {
  const t = Math.abs(offset);
  if (t < 1) return 1 + t * t * (1.5 * t - 2.5);
  if (t < 2) return 2 + t * (-4 + t * (2.5 - 0.5 * t));
  return 0;
}

/**
 * Weights for `from` -> `to` pixels. When shrinking, the kernel is widened by the shrink factor, so every source pixel
 * counts. At the border it is cut and renormalised. `mirror` reverses the order of the output pixels.
 */
function tapsOf(from: number, to: number, mirror: boolean): Taps {
  const scale = from / to;
  const widening = Math.max(scale, 1);
  const support = 2 * widening;
  const stride = 2 * Math.ceil(support) + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(from, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      exact[k] = cubic((start + k - centre + 0.5) / widening);
      sum += exact[k]!;
    }
    const slot = mirror ? to - 1 - i : i;
    first[slot] = start;
    count[slot] = taps;
    for (let k = 0; k < taps; k++) {
      const fixed = (exact[k]! / sum) * (1 << FRACTION_BITS);
      weights[slot * stride + k] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
  }
  return { first, count, weights, stride };
}

/**
 * Cuts `box` out of `image`, resizes it to `sizePx` x `sizePx` and, if `mirror`, flips it left to right. Pixels outside
 * the box have no influence. Columns first, then rows, each pass rounded to 8 bits; a pass that keeps its size copies.
 *
 * @param out receives RGB8 [sizePx, sizePx, 3].
 * @source Keys 1981 (cubic convolution); fixed point, pass order and rounding as Pillow's BICUBIC resize.
 */
export function resizeBox(
  image: RgbImage,
  box: CropBox,
  sizePx: number,
  options: { readonly mirror?: boolean; readonly out: Uint8ClampedArray; readonly scratch: Scratch },
): void {
  const { mirror = false, out, scratch } = options;
  const rows = scratch.passBytes(3 * box.height * sizePx);
  alongRows(image, box, sizePx, mirror, rows);
  if (box.height === sizePx) out.set(rows.subarray(0, 3 * sizePx * sizePx));
  else alongColumns(rows, box.height, sizePx, out);
}

/** [box.height, box.width, 3] inside `image` -> [box.height, sizePx, 3] */
function alongRows(
  { pixels, widthPx }: RgbImage,
  box: CropBox,
  sizePx: number,
  mirror: boolean,
  out: Uint8ClampedArray,
): void {
  if (box.width === sizePx && !mirror) {
    for (let y = 0; y < box.height; y++) {
      const from = 3 * ((box.y + y) * widthPx + box.x);
      out.set(pixels.subarray(from, from + 3 * sizePx), 3 * y * sizePx);
    }
    return;
  }
  const { first, count, weights, stride } = tapsOf(box.width, sizePx, mirror);
  let to = 0;
  for (let y = 0; y < box.height; y++) {
    const row = 3 * ((box.y + y) * widthPx + box.x);
    for (let x = 0; x < sizePx; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let at = row + 3 * first[x]!;
      const end = x * stride + count[x]!;
      for (let k = x * stride; k < end; k++, at += 3) {
        const weight = weights[k]!;
        red = (red + Math.imul(pixels[at]!, weight)) | 0;
        green = (green + Math.imul(pixels[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(pixels[at + 2]!, weight)) | 0;
      }
      out[to] = red >> FRACTION_BITS;
      out[to + 1] = green >> FRACTION_BITS;
      out[to + 2] = blue >> FRACTION_BITS;
      to += 3;
    }
  }
}

/** [height, sizePx, 3] -> [sizePx, sizePx, 3] */
function alongColumns(rows: Uint8ClampedArray, height: number, sizePx: number, out: Uint8ClampedArray): void {
  const { first, count, weights, stride } = tapsOf(height, sizePx, false);
  const rowBytes = 3 * sizePx;
  let to = 0;
  for (let y = 0; y < sizePx; y++) {
    const start = first[y]! * rowBytes;
    const begin = y * stride;
    const end = begin + count[y]!;
    for (let x = 0; x < rowBytes; x += 3) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let at = start + x;
      for (let k = begin; k < end; k++, at += rowBytes) {
        const weight = weights[k]!;
        red = (red + Math.imul(rows[at]!, weight)) | 0;
        green = (green + Math.imul(rows[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(rows[at + 2]!, weight)) | 0;
      }
      out[to] = red >> FRACTION_BITS;
      out[to + 1] = green >> FRACTION_BITS;
      out[to + 2] = blue >> FRACTION_BITS;
      to += 3;
    }
  }
}
