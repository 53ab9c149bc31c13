/** Fast and exact tests of points against a closed outline. */
import { boundsOf, type Contour } from './contours.ts';

/** Edges are kept in horizontal bands of at least this height. */
const BAND_PX = 64;
/** Bands per outline. */
const MAX_BANDS = 4096;

/** Answers, for one outline, on which side of it points lie. */
export class PolygonIndex {
  readonly #points: Int32Array | Float64Array;
  readonly #top: number;
  readonly #bandPx: number;
  /** For each band the first points of the edges that touch it. */
  readonly #bands: Int32Array[];

  constructor(contour: Contour) {
    const { y, height } = boundsOf(contour);
    this.#points = contour.points;
    this.#top = y;
    this.#bandPx = Math.max(BAND_PX, height / MAX_BANDS);
    const bands: number[][] = Array.from({ length: Math.floor(height / this.#bandPx) + 1 }, () => []);
    const { points } = contour;
    for (let i = 0; i < points.length; i += 2) {
      const a = points[i + 1]!;
      const b = points[(i + 3) % points.length]!;
      const last = this.#bandOf(Math.max(a, b));
      for (let band = this.#bandOf(Math.min(a, b)); band <= last; band++) bands[band]!.push(i);
    }
    this.#bands = bands.map((band) => Int32Array.from(band));
  }

  /** 1 inside, 0 on the outline, -1 outside. Exact for whole and half pixels. */
  side(x: number, y: number): 1 | 0 | -1 {
    const band = this.#bands[this.#bandOf(y)];
    if (band === undefined) return -1;
    const points = this.#points;
    let isInside = false;
    for (const i of band) {
      const j = i + 2 === points.length ? 0 : i + 2;
      const [ax, ay, bx, by] = [points[i]!, points[i + 1]!, points[j]!, points[j + 1]!];
      // Twice the area of the triangle: 0 where the point lies on the edge's line.
      const cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
      if (cross === 0 && isBetween(x, ax, bx) && isBetween(y, ay, by)) return 0;
      if (ay > y !== by > y && cross > 0 === by > ay) isInside = !isInside;
    }
    return isInside ? 1 : -1;
  }

  #bandOf(y: number): number {
    return Math.floor((y - this.#top) / this.#bandPx);
  }
}

function isBetween(value: number, a: number, b: number): boolean {
  return a < b ? value >= a && value <= b : value >= b && value <= a;
}
