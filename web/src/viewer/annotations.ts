/** Lines above the spots: tissue outline, drawn regions, the spot under the pointer. */
import type { TissueOutline } from '../../../src/contract/index.ts';
import { context2d, fitCanvas } from '../dom/canvas.ts';
import type { Polygon } from '../geometry/polygon.ts';
import { toScreen, type View } from '../overlay/layer.ts';

/** A spot with a ring around it. */
export interface Ring {
  readonly x: number;
  readonly y: number;
  readonly sizePx: number;
  readonly shape: 'disc' | 'square';
}

export interface Annotations {
  readonly tissue: TissueOutline | null;
  /** The region of the chosen rows. */
  readonly selection: Polygon | null;
  /** The region a prediction is asked for. */
  readonly region: Polygon | null;
  /** A region while it is drawn. */
  readonly draft: Polygon | null;
  readonly ring: Ring | null;
}

export class AnnotationCanvas {
  readonly canvas = document.createElement('canvas');
  readonly #context = context2d(this.canvas);
  #content: Annotations = { tissue: null, selection: null, region: null, draft: null, ring: null };
  #tissuePath: Path2D | null = null;
  #blank = true;

  set(content: Partial<Annotations>): void {
    if (content.tissue !== undefined && content.tissue !== this.#content.tissue) {
      this.#tissuePath = content.tissue === null ? null : pathOf(content.tissue);
    }
    this.#content = { ...this.#content, ...content };
  }

  draw(view: View): void {
    const { selection, region, draft, ring } = this.#content;
    const nothing =
      this.#tissuePath === null && [selection, region, draft, ring].every((item) => item === null);
    if (nothing && this.#blank) return;
    fitCanvas(this.canvas, view.widthPx, view.heightPx);
    const context = this.#context;
    const ratio = this.canvas.width / view.widthPx;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#blank = nothing;
    if (this.#tissuePath !== null) this.#drawTissue(this.#tissuePath, view, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (selection !== null) this.#drawPolygon(selection, view, '#111', []);
    if (region !== null) this.#drawPolygon(region, view, '#7a3b00', [8, 5]);
    if (draft !== null) this.#drawPolygon(draft, view, '#111', [3, 3]);
    if (ring !== null) this.#drawRing(ring, view);
  }

  #drawTissue(path: Path2D, view: View, ratio: number): void {
    const context = this.#context;
    const scale = view.zoom * ratio;
    context.setTransform(
      scale,
      0,
      0,
      scale,
      this.canvas.width / 2 - view.x * scale,
      this.canvas.height / 2 - view.y * scale,
    );
    context.setLineDash([]);
    this.#twoTone(() => context.stroke(path), '#0b6b3a', 1 / view.zoom);
  }

  #drawPolygon(polygon: Polygon, view: View, colour: string, dash: number[]): void {
    const context = this.#context;
    context.beginPath();
    for (const [x, y] of polygon) context.lineTo(...toScreen(view, x, y));
    context.closePath();
    context.setLineDash(dash);
    this.#twoTone(() => context.stroke(), colour, 1);
    context.setLineDash([]);
  }

  #drawRing({ x, y, sizePx, shape }: Ring, view: View): void {
    const context = this.#context;
    const [screenX, screenY] = toScreen(view, x, y);
    const radius = Math.max(5, (sizePx * view.zoom) / 2 + 2);
    context.beginPath();
    if (shape === 'disc') context.arc(screenX, screenY, radius, 0, 2 * Math.PI);
    else context.rect(screenX - radius, screenY - radius, 2 * radius, 2 * radius);
    this.#twoTone(() => context.stroke(), '#111', 1);
  }

  /** A line on a light rim: seen on dark and on light tissue alike. */
  #twoTone(stroke: () => void, colour: string, unit: number): void {
    const context = this.#context;
    context.lineJoin = 'round';
    context.strokeStyle = 'rgb(255 255 255 / 0.9)';
    context.lineWidth = 4 * unit;
    stroke();
    context.strokeStyle = colour;
    context.lineWidth = 1.75 * unit;
    stroke();
  }
}

function pathOf({ parts }: TissueOutline): Path2D {
  const path = new Path2D();
  for (const ring of parts.flat()) {
    ring.forEach(([x, y], i) => {
      if (i === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    });
    path.closePath();
  }
  return path;
}
