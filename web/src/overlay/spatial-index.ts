/** A grid over the positions of a table: which row is under the pointer, and which rows are in view. */
import { type Box, boundsOf, insidePolygon, type Polygon } from '../geometry/polygon.ts';

/** Rows per cell that the grid aims for. */
const ROWS_PER_CELL = 16;

/** Consecutive entries of `order`, from `start` up to but without `end`. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

export class SpatialIndex {
  /** Row numbers, cell by cell (cells row by row), so that what is near each other lies together. */
  readonly order: Uint32Array;
  readonly #positions: Float32Array;
  readonly #starts: Uint32Array;
  readonly #box: Box;
  readonly #columns: number;
  readonly #rows: number;

  /** @param positions x0 y0 x1 y1 ..., level-0 pixels; positions that are not numbers are left out. */
  constructor(positions: Float32Array) {
    this.#positions = positions;
    this.#box = boxOf(positions);
    const count = positions.length / 2;
    const side = Math.max(1, Math.sqrt(count / ROWS_PER_CELL));
    const shape = Math.sqrt(this.#box.width / this.#box.height);
    this.#columns = Math.min(4096, Math.max(1, Math.round(side * shape)));
    this.#rows = Math.min(4096, Math.max(1, Math.round(side / shape)));
    const cells = new Int32Array(count).fill(-1);
    const starts = new Uint32Array(this.#columns * this.#rows + 1);
    for (let row = 0; row < count; row++) {
      const x = positions[2 * row]!;
      const y = positions[2 * row + 1]!;
      if (!Number.isFinite(x + y)) continue;
      const cell = this.#rowAt(y) * this.#columns + this.#columnAt(x);
      cells[row] = cell;
      starts[cell + 1]!++;
    }
    for (let cell = 0; cell < starts.length - 1; cell++) starts[cell + 1]! += starts[cell]!;
    this.#starts = starts;
    this.order = new Uint32Array(starts.at(-1)!);
    const next = starts.slice();
    for (let row = 0; row < count; row++) if (cells[row]! >= 0) this.order[next[cells[row]!]!++] = row;
  }

  /** The box around all positions; sides of at least one pixel. */
  get box(): Box {
    return this.#box;
  }

  /** Runs of `order` that hold every row in a box, and some around it: one run for each row of cells. */
  runsIn({ x, y, width, height }: Box): Run[] {
    const left = this.#columnAt(x);
    const right = this.#columnAt(x + width);
    const bottom = this.#rowAt(y + height);
    const outside =
      x > this.#box.x + this.#box.width ||
      x + width < this.#box.x ||
      y > this.#box.y + this.#box.height ||
      y + height < this.#box.y;
    const runs: Run[] = [];
    if (outside) return runs;
    for (let row = this.#rowAt(y); row <= bottom; row++) {
      const start = this.#starts[row * this.#columns + left]!;
      const end = this.#starts[row * this.#columns + right + 1]!;
      const last = runs.at(-1);
      if (last !== undefined && last.end === start) runs[runs.length - 1] = { start: last.start, end };
      else if (end > start) runs.push({ start, end });
    }
    return runs;
  }

  /** Row whose position is nearest, at most `reach` away; undefined when there is none. */
  nearest(x: number, y: number, reach: number): number | undefined {
    let best: number | undefined;
    let bestSquare = reach * reach;
    for (const { start, end } of this.runsIn({
      x: x - reach,
      y: y - reach,
      width: 2 * reach,
      height: 2 * reach,
    })) {
      for (let i = start; i < end; i++) {
        const row = this.order[i]!;
        const square = (this.#positions[2 * row]! - x) ** 2 + (this.#positions[2 * row + 1]! - y) ** 2;
        if (square <= bestSquare) {
          best = row;
          bestSquare = square;
        }
      }
    }
    return best;
  }

  /** A mask with 1 for every row inside the polygon. */
  maskOf(polygon: Polygon): Uint8Array {
    const mask = new Uint8Array(this.#positions.length / 2);
    if (polygon.length < 3) return mask;
    for (const { start, end } of this.runsIn(boundsOf(polygon))) {
      for (let i = start; i < end; i++) {
        const row = this.order[i]!;
        if (insidePolygon(this.#positions[2 * row]!, this.#positions[2 * row + 1]!, polygon)) mask[row] = 1;
      }
    }
    return mask;
  }

  #columnAt(x: number): number {
    return cellAt((x - this.#box.x) / this.#box.width, this.#columns);
  }

  #rowAt(y: number): number {
    return cellAt((y - this.#box.y) / this.#box.height, this.#rows);
  }
}

function cellAt(share: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(share * count)));
}

function boxOf(positions: Float32Array): Box {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < positions.length; i += 2) {
    const x = positions[i]!;
    const y = positions[i + 1]!;
    if (!Number.isFinite(x + y)) continue;
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  }
  if (x1 < x0) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: x0, y: y0, width: Math.max(1, x1 - x0), height: Math.max(1, y1 - y0) };
}
