/** Gaussian blur of a square crop with a kernel of nine pixels. */
import type { Scratch } from './scratch.ts';

/** Pixels on each side of the centre. */
const RADIUS = 4;
const PAD = 3 * RADIUS;

/** Half of the kernel: weights at distance 0..4; all nine sum to 1. */
type Weights = readonly [number, number, number, number, number];

function gaussianWeights(sigma: number): Weights {
  const exact = Float64Array.from({ length: RADIUS + 1 }, (_, d) => Math.exp(-0.5 * (d / sigma) ** 2));
  const sum = 2 * exact.reduce((total, weight) => total + weight, 0) - exact[0]!;
  return Array.from(exact, (weight) => weight / sum) as unknown as Weights;
}

/** Index of a row outside 0..size-1, mirrored at the border row (which is not repeated). */
function reflect(index: number, size: number): number {
  return index < 0 ? -index : index >= size ? 2 * size - 2 - index : index;
}

/**
 * Blurs RGB8 [sizePx, sizePx, 3] in place: separable, reflecting at the borders, rounded to 8 bits at the end only.
 *
 * @param sizePx at least 5, so that a reflection stays inside.
 * @param sigma  standard deviation in pixels, above 0.
 * @source torchvision 0.14, GaussianBlur with kernel_size 9.
 */
export function gaussianBlur(
  pixels: Uint8ClampedArray,
  sizePx: number,
  sigma: number,
  scratch: Scratch,
): void {
  const weights = gaussianWeights(sigma);
  const rowBytes = 3 * sizePx;
  const rowWords = Math.ceil(rowBytes / 4);
  const source = scratch.passBytes(4 * rowWords * sizePx);
  for (let y = 0; y < sizePx; y++) {
    source.set(pixels.subarray(y * rowBytes, (y + 1) * rowBytes), 4 * y * rowWords);
  }
  const words = new Int32Array(source.buffer, source.byteOffset, rowWords * sizePx);
  const row = scratch.rowFloats(4 * rowWords + 2 * PAD);
  for (let y = 0; y < sizePx; y++) {
    blurColumns(words, sizePx, y, weights, row);
    padRow(row, sizePx);
    blurRow(row, rowBytes, weights, pixels, y * rowBytes);
  }
}

/**
 * One row blurred downwards, into `row` from PAD on. Four samples of a word at a time: even and odd bytes as two 16-bit
 * halves, in which the sum of two samples fits.
 */
function blurColumns(
  words: Int32Array,
  sizePx: number,
  y: number,
  [w0, w1, w2, w3, w4]: Weights,
  row: Float64Array,
): void {
  const rowWords = words.length / sizePx;
  const start = (distance: number) => rowWords * reflect(y + distance, sizePx);
  const [centre, up1, up2, up3, up4] = [start(0), start(-1), start(-2), start(-3), start(-4)];
  const [down1, down2, down3, down4] = [start(1), start(2), start(3), start(4)];
  const halves = 0x00ff00ff;
  for (let x = 0, to = PAD; x < rowWords; x++, to += 4) {
    const c = words[centre + x]!;
    const a1 = words[up1 + x]!;
    const b1 = words[down1 + x]!;
    const a2 = words[up2 + x]!;
    const b2 = words[down2 + x]!;
    const a3 = words[up3 + x]!;
    const b3 = words[down3 + x]!;
    const a4 = words[up4 + x]!;
    const b4 = words[down4 + x]!;
    const even0 = c & halves;
    const even1 = (a1 & halves) + (b1 & halves);
    const even2 = (a2 & halves) + (b2 & halves);
    const even3 = (a3 & halves) + (b3 & halves);
    const even4 = (a4 & halves) + (b4 & halves);
    const odd0 = (c >>> 8) & halves;
    const odd1 = ((a1 >>> 8) & halves) + ((b1 >>> 8) & halves);
    const odd2 = ((a2 >>> 8) & halves) + ((b2 >>> 8) & halves);
    const odd3 = ((a3 >>> 8) & halves) + ((b3 >>> 8) & halves);
    const odd4 = ((a4 >>> 8) & halves) + ((b4 >>> 8) & halves);
    const low = 0xffff;
    row[to] =
      w0 * (even0 & low) + w1 * (even1 & low) + w2 * (even2 & low) + w3 * (even3 & low) + w4 * (even4 & low);
    row[to + 1] =
      w0 * (odd0 & low) + w1 * (odd1 & low) + w2 * (odd2 & low) + w3 * (odd3 & low) + w4 * (odd4 & low);
    row[to + 2] =
      w0 * (even0 >>> 16) +
      w1 * (even1 >>> 16) +
      w2 * (even2 >>> 16) +
      w3 * (even3 >>> 16) +
      w4 * (even4 >>> 16);
    row[to + 3] =
      w0 * (odd0 >>> 16) + w1 * (odd1 >>> 16) + w2 * (odd2 >>> 16) + w3 * (odd3 >>> 16) + w4 * (odd4 >>> 16);
  }
}

/** Fills the four pixels on both sides of a row by reflection. */
function padRow(row: Float64Array, sizePx: number): void {
  for (let d = 1; d <= RADIUS; d++) {
    for (let channel = 0; channel < 3; channel++) {
      row[3 * (RADIUS - d) + channel] = row[3 * (RADIUS + d) + channel]!;
      row[3 * (RADIUS + sizePx - 1 + d) + channel] = row[3 * (RADIUS + sizePx - 1 - d) + channel]!;
    }
  }
}

/** One padded row blurred sideways into `out` from `offset` on; nine samples slide along each channel. */
function blurRow(
  row: Float64Array,
  rowBytes: number,
  [w0, w1, w2, w3, w4]: Weights,
  out: Uint8ClampedArray,
  offset: number,
): void {
  for (let channel = 0; channel < 3; channel++) {
    let a = row[channel]!;
    let b = row[channel + 3]!;
    let c = row[channel + 6]!;
    let d = row[channel + 9]!;
    let e = row[channel + 12]!;
    let f = row[channel + 15]!;
    let g = row[channel + 18]!;
    let h = row[channel + 21]!;
    let to = offset + channel;
    for (let at = channel + 2 * PAD; at < rowBytes + 2 * PAD; at += 3) {
      const i = row[at]!;
      out[to] = w0 * e + w1 * (d + f) + w2 * (c + g) + w3 * (b + h) + w4 * (a + i); // rounded by the store
      to += 3;
      a = b;
      b = c;
      c = d;
      d = e;
      e = f;
      f = g;
      g = h;
      h = i;
    }
  }
}
