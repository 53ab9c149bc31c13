/** Bicubic resizing of a box of a picture, antialiased, in 8-bit fixed point. */
import type { CropBox, PackedImage } from './rgb-image.ts';
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

/** Bytes of a row of `sizePx` RGB pixels, filled up to whole 32-bit words. */
function paddedRow(sizePx: number): number {
  return 4 * Math.ceil((3 * sizePx) / 4);
}

/**
 * Cuts `box` out of `image`, resizes it to `sizePx` x `sizePx` and, if `mirror`, flips it left to right. Pixels outside
 * the box have no influence. Each row is resized first, then each column, both rounded to 8 bits; where the size stays
 * the same, the weights are 0 and 1 and pixels are copied.
 *
 * @param out receives RGB8 [sizePx, sizePx, 3].
 * @source Keys 1981 (cubic convolution); fixed point, pass order and rounding as Pillow's BICUBIC resize.
 */
export function resizeBox(
  image: PackedImage,
  box: CropBox,
  sizePx: number,
  options: { readonly mirror?: boolean; readonly out: Uint8ClampedArray; readonly scratch: Scratch },
): void {
  const { mirror = false, out, scratch } = options;
  // One row more than needed: rows are made in pairs.
  const rows = scratch.passBytes((box.height + 1) * paddedRow(sizePx));
  resizeRows(image, box, tapsOf(box.width, sizePx, mirror), sizePx, rows);
  resizeColumns(rows, tapsOf(box.height, sizePx, false), sizePx, out);
}

// Both passes do nearly all their work in the innermost loop; it handles several samples per weight that it loads, and
// loads several samples at once as 32-bit words (low byte first, as on every platform that Node.js runs on).

/** [box.height, box.width] words inside `image` -> [box.height, paddedRow(sizePx)] bytes, two rows at a time. */
function resizeRows(
  { words, widthPx }: PackedImage,
  box: CropBox,
  { first, count, weights, stride }: Taps,
  sizePx: number,
  out: Uint8ClampedArray,
): void {
  const rowBytes = paddedRow(sizePx);
  for (let y = 0; y < box.height; y += 2) {
    const row = (box.y + y) * widthPx + box.x;
    const below = y + 1 < box.height ? widthPx : 0;
    let to = y * rowBytes;
    for (let x = 0; x < sizePx; x++) {
      let red1 = HALF;
      let green1 = HALF;
      let blue1 = HALF;
      let red2 = HALF;
      let green2 = HALF;
      let blue2 = HALF;
      const begin = x * stride;
      const end = begin + count[x]!;
      for (let k = begin, at = row + first[x]!; k < end; k++, at++) {
        const weight = weights[k]!;
        const upper = words[at]!;
        const lower = words[at + below]!;
        red1 = (red1 + Math.imul(upper & 255, weight)) | 0;
        green1 = (green1 + Math.imul((upper >>> 8) & 255, weight)) | 0;
        blue1 = (blue1 + Math.imul((upper >>> 16) & 255, weight)) | 0;
        red2 = (red2 + Math.imul(lower & 255, weight)) | 0;
        green2 = (green2 + Math.imul((lower >>> 8) & 255, weight)) | 0;
        blue2 = (blue2 + Math.imul((lower >>> 16) & 255, weight)) | 0;
      }
      out[to] = red1 >> FRACTION_BITS;
      out[to + 1] = green1 >> FRACTION_BITS;
      out[to + 2] = blue1 >> FRACTION_BITS;
      out[to + rowBytes] = red2 >> FRACTION_BITS;
      out[to + rowBytes + 1] = green2 >> FRACTION_BITS;
      out[to + rowBytes + 2] = blue2 >> FRACTION_BITS;
      to += 3;
    }
  }
}

/** [height, paddedRow(sizePx)] bytes -> [sizePx, sizePx, 3], four samples at a time. */
function resizeColumns(
  rows: Uint8ClampedArray,
  { first, count, weights, stride }: Taps,
  sizePx: number,
  out: Uint8ClampedArray,
): void {
  const words = new Int32Array(rows.buffer, rows.byteOffset, rows.length / 4);
  const rowWords = paddedRow(sizePx) / 4;
  for (let y = 0; y < sizePx; y++) {
    const start = first[y]! * rowWords;
    const begin = y * stride;
    const end = begin + count[y]!;
    // Surplus samples at the end of a row are overwritten by the next one; beyond the last they fall outside `out`.
    let to = 3 * y * sizePx;
    for (let x = 0; x < rowWords; x++) {
      let a = HALF;
      let b = HALF;
      let c = HALF;
      let d = HALF;
      for (let k = begin, at = start + x; k < end; k++, at += rowWords) {
        const weight = weights[k]!;
        const word = words[at]!;
        a = (a + Math.imul(word & 255, weight)) | 0;
        b = (b + Math.imul((word >>> 8) & 255, weight)) | 0;
        c = (c + Math.imul((word >>> 16) & 255, weight)) | 0;
        d = (d + Math.imul(word >>> 24, weight)) | 0;
      }
      out[to] = a >> FRACTION_BITS;
      out[to + 1] = b >> FRACTION_BITS;
      out[to + 2] = c >> FRACTION_BITS;
      out[to + 3] = d >> FRACTION_BITS;
      to += 4;
    }
  }
}
