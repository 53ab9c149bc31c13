/** One-byte pictures: median blur, closing and Otsu's threshold. */
import { UsageError } from '../../errors.ts';

/** One byte per pixel, row-major. A mask holds 0 and 1. */
export interface Raster {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Median of the size x size pixels around each pixel; beyond the border its pixels are repeated.
 *
 * A histogram slides along each row and keeps its median, so the work per pixel grows with the size only.
 *
 * @param size odd, 1 or more.
 * @throws UsageError if the size is even.
 * @source Huang, Yang and Tang 1979.
 */
export function medianBlur(image: Raster, size: number): Raster {
  if (!(Number.isInteger(size) && size % 2 === 1 && size >= 1 && size <= 255)) {
    throw new UsageError('medianBlur', { need: 'an odd size from 1 to 255', found: `${size}` });
  }
  if (size === 1) return image;
  const { data, width, height } = image;
  const reach = size >> 1;
  const half = (size * size) >> 1;
  const out = new Uint8Array(data.length);
  const counts = new Int32Array(256);
  const rows = new Int32Array(size);
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < size; k++) rows[k] = width * clamp(y + k - reach, height);
    counts.fill(0);
    for (let k = -reach; k <= reach; k++) addColumn(data, rows, clamp(k, width), counts, 1);
    // Pixels below the current median.
    let median = 0;
    let below = 0;
    for (let x = 0; ; x++) {
      while (below > half) below -= counts[--median]!;
      while (below + counts[median]! <= half) below += counts[median++]!;
      out[y * width + x] = median;
      if (x + 1 === width) break;
      const gone = clamp(x - reach, width);
      const come = clamp(x + 1 + reach, width);
      for (let k = 0; k < size; k++) {
        const old = data[rows[k]! + gone]!;
        const fresh = data[rows[k]! + come]!;
        counts[old]!--;
        counts[fresh]!++;
        if (old < median) below--;
        if (fresh < median) below++;
      }
    }
  }
  return { data: out, width, height };
}

function addColumn(data: Uint8Array, rows: Int32Array, column: number, counts: Int32Array, by: number): void {
  for (const row of rows) counts[data[row + column]!]! += by;
}

function clamp(i: number, size: number): number {
  return i < 0 ? 0 : i >= size ? size - 1 : i;
}

/** Mask of the pixels strictly above the threshold. */
export function above({ data, width, height }: Raster, threshold: number): Raster {
  return { data: Uint8Array.from(data, (value) => (value > threshold ? 1 : 0)), width, height };
}

/**
 * Otsu's threshold: the value that separates the histogram into two classes of the largest variance between
 * them; the first such value where several are equal.
 *
 * @source Otsu 1979.
 */
export function otsuThreshold({ data }: Raster): number {
  const counts = new Float64Array(256);
  for (const value of data) counts[value]!++;
  const total = data.length;
  let sum = 0;
  for (let v = 0; v < 256; v++) sum += v * counts[v]!;
  let [weight, partial, best, threshold] = [0, 0, 0, 0];
  for (let v = 0; v < 256; v++) {
    weight += counts[v]!;
    partial += v * counts[v]!;
    if (weight === 0 || weight === total) continue;
    const difference = partial / weight - (sum - partial) / (total - weight);
    const between = (weight / total) * (1 - weight / total) * difference * difference;
    if (between > best) {
      best = between;
      threshold = v;
    }
  }
  return threshold;
}

/**
 * Closing of a mask: grow, then shrink, by a full square of `size` pixels. The square's anchor is pixel
 * floor(size / 2) in both steps, so that an even size moves the mask by one pixel to the lower right, as
 * OpenCV does. Pixels outside the picture take no part.
 */
export function closeMask(mask: Raster, size: number): Raster {
  if (!(Number.isInteger(size) && size >= 0 && size <= 1000)) {
    throw new UsageError('closeMask', { need: 'a size from 0 to 1000', found: `${size}` });
  }
  if (size <= 1) return mask;
  return squareFilter(squareFilter(mask, size, 1), size, 0);
}

/** 1 wherever `value` occurs under the square (grow, value 1), 0 wherever it occurs (shrink, value 0). */
function squareFilter({ data, width, height }: Raster, size: number, value: 0 | 1): Raster {
  const rows = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    slide(data, rows, { start: y * width, step: 1, count: width }, size, value);
  const out = new Uint8Array(data.length);
  for (let x = 0; x < width; x++) slide(rows, out, { start: x, step: width, count: height }, size, value);
  return { data: out, width, height };
}

/** The one-dimensional filter along a line of pixels: offsets -floor(size / 2) to size - 1 - floor(size / 2). */
function slide(
  from: Uint8Array,
  to: Uint8Array,
  line: { start: number; step: number; count: number },
  size: number,
  value: 0 | 1,
): void {
  const before = size >> 1;
  const after = size - 1 - before;
  let hits = 0;
  const isHit = (i: number) => i >= 0 && i < line.count && from[line.start + i * line.step] === value;
  for (let i = 0; i < after; i++) if (isHit(i)) hits++;
  for (let i = 0; i < line.count; i++) {
    if (isHit(i + after)) hits++;
    if (isHit(i - before - 1)) hits--;
    to[line.start + i * line.step] = hits > 0 ? value : 1 - value;
  }
}
