/** Borders of a mask: outlines of its parts and of their holes, as closed chains of pixels. */
import type { Raster } from './raster.ts';

/** A closed chain of points; the last is joined to the first. */
export interface Contour {
  /** x0, y0, x1, y1, ... in pixels; whole numbers where they come from a mask. */
  readonly points: Int32Array | Float64Array;
}

/** Outline of one connected part and the outlines of its holes. */
export interface Part {
  readonly outline: Contour;
  readonly holes: readonly Contour[];
}

/** Steps to the eight neighbours, counter-clockwise on the screen from the right. */
const STEPS = [
  [1, 0],
  [1, -1],
  [0, -1],
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

/**
 * Follows all borders of a mask (8-connected parts, every border pixel kept) and groups holes with the part
 * that they lie in. Outlines of holes run through the part's own pixels around the hole. Parts inside holes
 * are parts of their own. The order is from the bottom of the picture to its top, by first pixel.
 *
 * @source Suzuki and Abe 1985; two levels, as OpenCV's `RETR_CCOMP` with `CHAIN_APPROX_NONE`.
 */
export function findParts({ data, width, height }: Raster): Part[] {
  // A frame of zeros saves all tests at the border.
  const w = width + 2;
  const labels = new Int32Array(w * (height + 2));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) labels[(y + 1) * w + x + 1] = data[y * width + x] === 0 ? 0 : 1;
  }
  const offsets = STEPS.map(([dx, dy]) => dy * w + dx);
  const borders: { outline: Contour; isHole: boolean; parent: number }[] = [];
  for (let y = 1; y <= height; y++) {
    // The border met last on this row; 0 is the frame.
    let last = 0;
    for (let at = y * w + 1; at < y * w + 1 + width; at++) {
      const value = labels[at]!;
      if (value === 0) continue;
      const startsOutline = value === 1 && labels[at - 1] === 0;
      const startsHole = !startsOutline && value >= 1 && labels[at + 1] === 0;
      if (!startsOutline && !startsHole) {
        if (value !== 1) last = Math.abs(value);
        continue;
      }
      if (startsHole && value > 1) last = value;
      const label = borders.length + 2;
      const outline = follow(labels, offsets, w, { at, from: startsOutline ? 4 : 0, label });
      const above = last >= 2 ? borders[last - 2] : undefined;
      // A hole belongs to the outline met last, or to the same one as the hole met last.
      const parent = !startsHole ? -1 : above === undefined ? -1 : above.isHole ? above.parent : last - 2;
      borders.push({ outline, isHole: startsHole, parent });
      if (labels[at] !== 1) last = Math.abs(labels[at]!);
    }
  }
  const holes = new Map<number, Contour[]>();
  for (const { outline, isHole, parent } of borders) {
    if (!isHole) continue;
    const siblings = holes.get(parent);
    if (siblings === undefined) holes.set(parent, [outline]);
    else siblings.push(outline);
  }
  return borders
    .map(({ outline, isHole }, i) => ({ outline, isHole, holes: holes.get(i) ?? [] }))
    .filter(({ isHole }) => !isHole)
    .reverse()
    .map((part) => ({ outline: part.outline, holes: part.holes.reverse() }));
}

/** Walks around one border and marks its pixels: -label where the pixel to the right is empty, else label. */
function follow(
  labels: Int32Array,
  offsets: readonly number[],
  w: number,
  start: { at: number; from: number; label: number },
): Contour {
  const points: number[] = [];
  const push = (at: number) => points.push((at % w) - 1, Math.floor(at / w) - 1);
  const { at: origin, label } = start;
  // Clockwise from the empty neighbour: the last pixel of the walk.
  let direction = start.from;
  let end = -1;
  for (let k = 1; k <= 8; k++) {
    const d = (start.from - k + 16) % 8;
    if (labels[origin + offsets[d]!] !== 0) {
      end = origin + offsets[d]!;
      direction = d;
      break;
    }
  }
  push(origin);
  if (end < 0) {
    labels[origin] = -label;
    return { points: Int32Array.from(points) };
  }
  for (let at = origin; ; ) {
    // Counter-clockwise from the pixel we came from: the next pixel of the border.
    let d = direction;
    let passedRight = false;
    do {
      d = (d + 1) % 8;
      if (labels[at + offsets[d]!] !== 0) break;
      if (d === 0) passedRight = true;
    } while (d !== direction);
    if (passedRight) labels[at] = -label;
    else if (labels[at] === 1) labels[at] = label;
    const next = at + offsets[d]!;
    if (next === origin && at === end) break;
    at = next;
    push(at);
    direction = (d + 4) % 8;
  }
  return { points: Int32Array.from(points) };
}

/** Area enclosed by the chain through pixel centres; 0 for a line. @source shoelace formula. */
export function contourArea({ points }: Contour): number {
  let twice = 0;
  const n = points.length;
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n;
    twice += points[i]! * points[j + 1]! - points[j]! * points[i + 1]!;
  }
  return Math.abs(twice) / 2;
}

/** Smallest rectangle of whole pixels around the points; its sides count pixels, not steps. */
export function boundsOf({ points }: Contour): { x: number; y: number; width: number; height: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    top = Math.min(top, points[i + 1]!);
    bottom = Math.max(bottom, points[i + 1]!);
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The same outline in level-0 pixels: coordinates times the factors, rounded towards zero as CLAM does. */
export function scaleContour({ points }: Contour, scaleX: number, scaleY: number): Contour {
  return {
    points: Int32Array.from(points, (value, i) => Math.trunc(value * (i % 2 === 0 ? scaleX : scaleY))),
  };
}
