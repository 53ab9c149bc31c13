/** Bicubic enlargement of small RGB8 pictures. */

/** For output pixel i: four source pixels `at[4 i ..]` and their weights, which sum to 1. */
interface CubicTaps {
  readonly at: Int32Array;
  readonly weights: Float64Array;
}

/** Sides of a picture. */
interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * Enlarges an RGB8 picture by bicubic interpolation (Catmull-Rom, a = -0.5). Pixel centres lie at half
 * integers; at the border the kernel is cut and its weights renormalised; results are rounded and clamped to
 * 0..255.
 *
 * Written out here because libvips places an enlarged picture half an output pixel off for most factors.
 *
 * @param pixels RGB8, row-major [from.heightPx, from.widthPx, 3].
 * @param to     both sides at least those of `from`.
 * @returns      RGB8, row-major [to.heightPx, to.widthPx, 3].
 * @source Keys 1981 (cubic convolution); Pillow's `BICUBIC` resize follows the same definition.
 */
export function enlarge(pixels: Uint8Array, from: Size, to: Size): Uint8Array {
  const rows = alongRows(pixels, from, to.widthPx);
  return alongColumns(rows, from.heightPx, to);
}

/** {@link enlarge} for squares of `sidePx` to `sizePx` pixels. */
export function enlargeSquare(pixels: Uint8Array, sidePx: number, sizePx: number): Uint8Array {
  return enlarge(pixels, { widthPx: sidePx, heightPx: sidePx }, { widthPx: sizePx, heightPx: sizePx });
}

function cubicTaps(sidePx: number, sizePx: number): CubicTaps {
  const at = new Int32Array(4 * sizePx);
  const weights = new Float64Array(4 * sizePx);
  for (let i = 0; i < sizePx; i++) {
    const centre = ((i + 0.5) * sidePx) / sizePx;
    const first = Math.floor(centre - 0.5) - 1;
    let sum = 0;
    for (let k = 0; k < 4; k++) {
      const inside = first + k >= 0 && first + k < sidePx;
      const weight = inside ? catmullRom(first + k + 0.5 - centre) : 0;
      at[4 * i + k] = inside ? first + k : 0;
      weights[4 * i + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < 4; k++) weights[4 * i + k]! /= sum;
  }
  return { at, weights };
}

function catmullRom(offset: number): number {
  const t = Math.abs(offset);
  if (t < 1) return 1 + t * t * (1.5 * t - 2.5);
  if (t < 2) return 2 + t * (-4 + t * (2.5 - 0.5 * t));
  return 0;
}

// The two passes are unrolled over the four taps: they run for every patch of a section.

/** [height, width, 3] -> [height, toWidth, 3] */
function alongRows(pixels: Uint8Array, { widthPx, heightPx }: Size, toWidth: number): Float32Array {
  const { at, weights } = cubicTaps(widthPx, toWidth);
  const out = new Float32Array(heightPx * toWidth * 3);
  for (let x = 0; x < toWidth; x++) {
    const [w0, w1] = [weights[4 * x]!, weights[4 * x + 1]!];
    const [w2, w3] = [weights[4 * x + 2]!, weights[4 * x + 3]!];
    let a = 3 * at[4 * x]!;
    let b = 3 * at[4 * x + 1]!;
    let c = 3 * at[4 * x + 2]!;
    let d = 3 * at[4 * x + 3]!;
    for (let y = 0, to = 3 * x; y < heightPx; y++, to += 3 * toWidth) {
      out[to] = w0 * pixels[a]! + w1 * pixels[b]! + w2 * pixels[c]! + w3 * pixels[d]!;
      out[to + 1] = w0 * pixels[a + 1]! + w1 * pixels[b + 1]! + w2 * pixels[c + 1]! + w3 * pixels[d + 1]!;
      out[to + 2] = w0 * pixels[a + 2]! + w1 * pixels[b + 2]! + w2 * pixels[c + 2]! + w3 * pixels[d + 2]!;
      a += 3 * widthPx;
      b += 3 * widthPx;
      c += 3 * widthPx;
      d += 3 * widthPx;
    }
  }
  return out;
}

/** [fromHeight, width, 3] -> [height, width, 3] */
function alongColumns(rows: Float32Array, fromHeight: number, { widthPx, heightPx }: Size): Uint8Array {
  const { at, weights } = cubicTaps(fromHeight, heightPx);
  const stride = 3 * widthPx;
  const out = new Uint8ClampedArray(heightPx * stride);
  for (let y = 0; y < heightPx; y++) {
    const [w0, w1] = [weights[4 * y]!, weights[4 * y + 1]!];
    const [w2, w3] = [weights[4 * y + 2]!, weights[4 * y + 3]!];
    let a = at[4 * y]! * stride;
    let b = at[4 * y + 1]! * stride;
    let c = at[4 * y + 2]! * stride;
    let d = at[4 * y + 3]! * stride;
    const end = (y + 1) * stride;
    for (let to = y * stride; to < end; to++) {
      out[to] = w0 * rows[a++]! + w1 * rows[b++]! + w2 * rows[c++]! + w3 * rows[d++]!;
    }
  }
  return new Uint8Array(out.buffer);
}
