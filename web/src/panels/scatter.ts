/** A canvas of points: the embedding of a table's rows. Draws, finds and chooses points. */
import { context2d, fitCanvas } from '../dom/canvas.ts';
import type { Point } from '../geometry/polygon.ts';
import { SpatialIndex } from '../overlay/spatial-index.ts';

/** Colour of a row as CSS, and whether it is chosen. */
export interface ScatterStyle {
  readonly colour: (row: number) => string;
  readonly mask: Uint8Array | null;
}

const PAD_PX = 12;

export class Scatter {
  readonly canvas = document.createElement('canvas');
  readonly #index: SpatialIndex;
  readonly #scaled: Float32Array;
  #style: ScatterStyle = { colour: () => '#888', mask: null };
  #hover: number | null = null;
  #draft: readonly Point[] = [];

  /** @param points x0 y0 x1 y1 ..., any unit */
  constructor(points: Float32Array) {
    this.#scaled = toUnit(points);
    this.#index = new SpatialIndex(this.#scaled);
  }

  setStyle(style: ScatterStyle): void {
    this.#style = style;
    this.draw();
  }

  setHover(row: number | null): void {
    if (row === this.#hover) return;
    this.#hover = row;
    this.draw();
  }

  /** The row at a place of the canvas, in CSS pixels. */
  rowAt(x: number, y: number): number | undefined {
    const [unitX, unitY] = this.#toUnit([x, y]);
    return this.#index.nearest(unitX, unitY, (8 / this.#side()) * 1000);
  }

  setDraft(draft: readonly Point[]): void {
    this.#draft = draft;
    this.draw();
  }

  /** Rows inside a line drawn on the canvas. */
  maskOf(line: readonly Point[]): Uint8Array {
    return this.#index.maskOf(line.map((point) => this.#toUnit(point)));
  }

  draw(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0) return;
    fitCanvas(this.canvas, clientWidth, clientHeight);
    const context = context2d(this.canvas);
    const ratio = this.canvas.width / clientWidth;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    const count = this.#scaled.length / 2;
    const size = count > 20_000 ? 1.5 : count > 2000 ? 3 : 5;
    const { mask, colour } = this.#style;
    for (let row = 0; row < count; row++) {
      const [x, y] = this.#place(row);
      context.globalAlpha = mask === null || mask[row] === 1 ? 0.9 : 0.15;
      context.fillStyle = colour(row);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    context.globalAlpha = 1;
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = 1.5;
    if (this.#hover !== null) {
      const [x, y] = this.#place(this.#hover);
      context.beginPath();
      context.arc(x, y, size + 4, 0, 2 * Math.PI);
      context.stroke();
    }
    if (this.#draft.length > 1) {
      context.beginPath();
      for (const [x, y] of this.#draft) context.lineTo(x, y);
      context.closePath();
      context.stroke();
    }
  }

  #side(): number {
    return Math.max(1, Math.min(this.canvas.clientWidth, this.canvas.clientHeight) - 2 * PAD_PX);
  }

  #corner(): Point {
    return [(this.canvas.clientWidth - this.#side()) / 2, (this.canvas.clientHeight - this.#side()) / 2];
  }

  #place(row: number): [number, number] {
    const [left, top] = this.#corner();
    return [
      left + (this.#scaled[2 * row]! / 1000) * this.#side(),
      top + (this.#scaled[2 * row + 1]! / 1000) * this.#side(),
    ];
  }

  #toUnit([x, y]: Point): [number, number] {
    const [left, top] = this.#corner();
    return [((x - left) / this.#side()) * 1000, ((y - top) / this.#side()) * 1000];
  }
}

/** Scales both axes by one factor into 0 to 1000, upwards. */
function toUnit(points: Float32Array): Float32Array {
  const { box } = new SpatialIndex(points);
  const finite = points.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return points;
  const side = Math.max(...spans(points)) || 1;
  return points.map((value, i) =>
    i % 2 === 0 ? ((value - box.x) / side) * 1000 : 1000 - ((value - box.y) / side) * 1000,
  );
}

function spans(points: Float32Array): [number, number] {
  const span = (offset: number) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = offset; i < points.length; i += 2) {
      const value = points[i]!;
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return high - low;
  };
  return [span(0), span(1)];
}
