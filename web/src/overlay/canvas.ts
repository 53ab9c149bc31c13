/** The overlay without WebGL: slower beyond some ten thousand spots, otherwise the same picture. */
import { tableIndex } from '../colour/colour-maps.ts';
import { context2d, fitCanvas } from '../dom/canvas.ts';
import {
  boxOf,
  type DrawOptions,
  type Geometry,
  type Layer,
  type OverlayRenderer,
  strideFor,
  toScreen,
  UNCHOSEN_OPACITY,
  type View,
} from './layer.ts';

/** Discs below this many pixels look like squares, which are faster. */
const SMALL_PX = 4;

export class CanvasOverlay implements OverlayRenderer {
  readonly kind = 'canvas';
  readonly canvas = document.createElement('canvas');
  readonly #context = context2d(this.canvas);
  #layer: Layer | null = null;
  #grid: Geometry | null = null;

  setLayer(layer: Layer | null): void {
    this.#layer = layer;
  }

  setGrid(grid: Geometry | null): void {
    this.#grid = grid;
  }

  draw(view: View, options: DrawOptions): void {
    fitCanvas(this.canvas, view.widthPx, view.heightPx);
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const ratio = this.canvas.width / view.widthPx;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.#grid !== null) this.#drawGrid(this.#grid, view);
    if (this.#layer !== null) this.#drawLayer(this.#layer, view, options);
    context.globalAlpha = 1;
  }

  dispose(): void {
    this.canvas.remove();
  }

  #drawGrid(grid: Geometry, view: View): void {
    const context = this.#context;
    const size = grid.sizePx * view.zoom;
    context.strokeStyle = 'rgb(26 64 128 / 0.8)';
    context.lineWidth = 1;
    context.globalAlpha = 1;
    const { rows } = rowsIn(grid, view, 1);
    for (const row of rows) {
      const [x, y] = toScreen(view, grid.positions[2 * row]!, grid.positions[2 * row + 1]!);
      context.strokeRect(x - size / 2, y - size / 2, size, size);
    }
  }

  #drawLayer(layer: Layer, view: View, { opacity, spotScale }: DrawOptions): void {
    const context = this.#context;
    const { rows, stride } = rowsIn(layer, view, spotScale);
    const size = Math.max(1, layer.sizePx * spotScale * view.zoom * Math.sqrt(stride));
    const square = layer.shape === 'square' || size < SMALL_PX;
    for (const row of rows) {
      const [x, y] = toScreen(view, layer.positions[2 * row]!, layer.positions[2 * row + 1]!);
      const value = layer.values[row]!;
      context.globalAlpha = opacity * (layer.mask === null || layer.mask[row] === 1 ? 1 : UNCHOSEN_OPACITY);
      context.beginPath();
      if (square) context.rect(x - size / 2, y - size / 2, size, size);
      else context.arc(x, y, size / 2, 0, 2 * Math.PI);
      if (Number.isFinite(value)) {
        const at = 4 * tableIndex(value, layer.low, layer.high);
        context.fillStyle = `rgb(${layer.colours[at]} ${layer.colours[at + 1]} ${layer.colours[at + 2]})`;
        context.fill();
      } else {
        context.strokeStyle = 'rgb(89 89 89 / 0.55)';
        context.stroke();
      }
    }
  }
}

function rowsIn({ index, sizePx }: Geometry, view: View, scale: number): { rows: number[]; stride: number } {
  const runs = index.runsIn(boxOf(view, (sizePx * scale) / 2));
  const stride = strideFor(runs.reduce((sum, { start, end }) => sum + end - start, 0));
  const rows: number[] = [];
  for (const { start, end } of runs) for (let i = start; i < end; i += stride) rows.push(index.order[i]!);
  return { rows, stride };
}
