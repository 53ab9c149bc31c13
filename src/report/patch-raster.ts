/** Colouring the squares of a grid of patches on a picture of the slide. */
import type { Colormap } from './colormap.ts';

/** Values of square patches; lengths in level-0 pixels. */
export interface PatchField {
  /** x0, y0, x1, y1, ...: upper left corners. */
  readonly corners: ArrayLike<number>;
  readonly sidePx: number;
  /** One value per patch; what is not finite is left uncoloured. */
  readonly values: ArrayLike<number>;
}

/** Part of a slide as a picture, RGB8. */
export interface PlacedPicture {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Rows of the shrunk slide above the picture; default 0. */
  readonly topPx?: number;
  /** Picture pixels per level-0 pixel. */
  readonly scale: number;
}

/** How values become colours. */
export interface PatchStyle {
  readonly colormap: Colormap;
  /** Values at the ends of the colour scale; values beyond take the end colours. */
  readonly range: readonly [low: number, high: number];
  /** Share of the colour against the tissue under it, 0 to 1. */
  readonly opacity: number;
}

/** Smallest and largest share of values that the colour scale leaves out: single extremes would flatten the rest. */
const TRIM = 0.01;

/**
 * Ends of a colour scale: the 1st and 99th percentile of the finite values; half a unit on both sides of a constant.
 * Without finite values 0 to 1.
 */
export function patchRange(values: ArrayLike<number>): [low: number, high: number] {
  const sorted = Float64Array.from(Array.from(values).filter(Number.isFinite)).sort();
  if (sorted.length === 0) return [0, 1];
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const [low, high] = [at(TRIM), at(1 - TRIM)];
  const tiny = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
  return high - low > tiny ? [low, high] : [low - 0.5, high + 0.5];
}

/**
 * A copy of the picture in which every pixel under patches has the colour of their mean value, laid over the tissue in
 * grey, so that the hue is that of the colour scale and the structure stays visible.
 */
export function paintPatches(picture: PlacedPicture, field: PatchField, style: PatchStyle): Uint8Array {
  const { widthPx, heightPx } = picture;
  const sums = new Float32Array(widthPx * heightPx);
  const counts = new Uint16Array(widthPx * heightPx);
  addPatches(picture, field, sums, counts);
  const pixels = Uint8Array.from(picture.pixels);
  const [low, high] = style.range;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const colour = style.colormap((sums[i]! / counts[i]! - low) / (high - low));
    const at = 3 * i;
    const grey = 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
    for (let c = 0; c < 3; c++)
      pixels[at + c] = Math.round(style.opacity * colour[c]! + (1 - style.opacity) * grey);
  }
  return pixels;
}

/** Sums of values and numbers of patches over every pixel of the picture. */
function addPatches(
  { widthPx, heightPx, topPx = 0, scale }: PlacedPicture,
  { corners, sidePx, values }: PatchField,
  sums: Float32Array,
  counts: Uint16Array,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const [x, y] = [corners[2 * i]! * scale, corners[2 * i + 1]! * scale];
    // The next patch begins where this one ends.
    const left = Math.round(x);
    const top = Math.round(y);
    const right = Math.min(widthPx, Math.max(left + 1, Math.round(x + sidePx * scale)));
    const bottom = Math.min(topPx + heightPx, Math.max(top + 1, Math.round(y + sidePx * scale)));
    for (let row = Math.max(topPx, top); row < bottom; row++) {
      const start = (row - topPx) * widthPx;
      for (let column = Math.max(0, left); column < right; column++) {
        sums[start + column]! += value;
        counts[start + column]!++;
      }
    }
  }
}
