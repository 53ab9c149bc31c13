/** Outlines back to a mask, and fast sums over rectangles of a mask. */
import type { Contour, Part } from './contours.ts';
import type { Raster } from './raster.ts';

/** Size of a mask and how the parts' coordinates lie on it. */
export interface MaskGrid {
  readonly width: number;
  readonly height: number;
  /** Units of the parts' coordinates per pixel of the mask. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Added to the parts' coordinates first. */
  readonly offsetX: number;
  readonly offsetY: number;
}

/** Mask of the pixels whose centre lies inside a part and outside its holes. */
export function rasterize(parts: readonly Part[], size: MaskGrid): Raster {
  const data = new Uint8Array(size.width * size.height);
  for (const { outline, holes } of parts) {
    fill(data, size, outline, 1);
    for (const hole of holes) fill(data, size, hole, 0);
  }
  return { data, width: size.width, height: size.height };
}

/** Scan-line filling by the even-odd rule. */
function fill(
  data: Uint8Array,
  { width, height, scaleX, scaleY, offsetX, offsetY }: MaskGrid,
  { points }: Contour,
  value: 0 | 1,
): void {
  const crossings: number[][] = Array.from({ length: height }, () => []);
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    // In pixels of the mask; the centre of row y is y + 0.5.
    const [ax, ay] = [(points[i]! + offsetX) / scaleX, (points[i + 1]! + offsetY) / scaleY - 0.5];
    const [bx, by] = [(points[j]! + offsetX) / scaleX, (points[j + 1]! + offsetY) / scaleY - 0.5];
    if (ay === by) continue;
    const first = Math.max(0, Math.ceil(Math.min(ay, by)));
    const last = Math.min(height - 1, Math.ceil(Math.max(ay, by)) - 1);
    for (let y = first; y <= last; y++) crossings[y]!.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
  }
  for (const [y, xs] of crossings.entries()) {
    xs.sort((a, b) => a - b);
    for (let k = 0; k + 1 < xs.length; k += 2) {
      const from = Math.max(0, Math.ceil(xs[k]! - 0.5));
      const to = Math.min(width, Math.ceil(xs[k + 1]! - 0.5));
      if (to > from) data.fill(value, y * width + from, y * width + to);
    }
  }
}

/** Shares of a mask in rectangles with fractional borders, in constant time each. */
export class AreaSums {
  readonly #width: number;
  readonly #height: number;
  /** Sums over all pixels above and to the left; one row and column more than the mask. */
  readonly #sums: Uint32Array;

  constructor({ data, width, height }: Raster) {
    this.#width = width;
    this.#height = height;
    this.#sums = new Uint32Array((width + 1) * (height + 1));
    for (let y = 1; y <= height; y++) {
      let row = 0;
      for (let x = 1; x <= width; x++) {
        row += data[(y - 1) * width + x - 1]!;
        this.#sums[y * (width + 1) + x] = this.#sums[(y - 1) * (width + 1) + x]! + row;
      }
    }
  }

  /** Covered share, 0 to 1, of a rectangle in pixels of the mask; what lies outside counts as not covered. */
  share(left: number, top: number, right: number, bottom: number): number {
    const sum = this.#at(right, bottom) - this.#at(left, bottom) - this.#at(right, top) + this.#at(left, top);
    return Math.min(1, Math.max(0, sum / ((right - left) * (bottom - top))));
  }

  /** Covered area above and to the left of a point; exact, since pixels are uniform. */
  #at(x: number, y: number): number {
    const cx = Math.min(this.#width, Math.max(0, x));
    const cy = Math.min(this.#height, Math.max(0, y));
    const [i, j] = [Math.min(this.#width - 1, Math.floor(cx)), Math.min(this.#height - 1, Math.floor(cy))];
    const [u, v] = [cx - i, cy - j];
    const at = j * (this.#width + 1) + i;
    const below = at + this.#width + 1;
    const top = this.#sums[at]! * (1 - u) + this.#sums[at + 1]! * u;
    return top * (1 - v) + (this.#sums[below]! * (1 - u) + this.#sums[below + 1]! * u) * v;
  }
}
