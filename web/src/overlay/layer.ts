/** What an overlay draws, whatever it draws with. */
import type { Box } from '../geometry/polygon.ts';
import type { SpatialIndex } from './spatial-index.ts';

/** Which part of the slide the screen shows. */
export interface View {
  /** Level-0 pixel in the middle. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels per level-0 pixel. */
  readonly zoom: number;
  /** Size of the pane in CSS pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Spots or patches at their places. */
export interface Geometry {
  readonly positions: Float32Array;
  readonly index: SpatialIndex;
  readonly shape: 'disc' | 'square';
  /** Diameter or side in level-0 pixels. */
  readonly sizePx: number;
}

/** Geometry with a value for each row. */
export interface Layer extends Geometry {
  readonly values: Float32Array;
  readonly low: number;
  readonly high: number;
  /** 256 RGBA colours. */
  readonly colours: Uint8Array<ArrayBuffer>;
  /** 1: chosen, 0: not; absent: nothing is chosen, all are drawn alike. */
  readonly mask: Uint8Array | null;
}

export interface DrawOptions {
  /** 0 to 1. */
  readonly opacity: number;
  /** Factor on the size of the spots. */
  readonly spotScale: number;
}

export interface OverlayRenderer {
  readonly canvas: HTMLCanvasElement;
  readonly kind: 'webgl' | 'canvas';
  setLayer(layer: Layer | null): void;
  /** Outlines of patches, drawn below the spots. */
  setGrid(grid: Geometry | null): void;
  draw(view: View, options: DrawOptions): void;
  dispose(): void;
}

/** More rows than this in view are thinned out: beyond it each is smaller than a pixel anyway. */
export const MOST_DRAWN = 250_000;

/** Rows that are not chosen keep this share of their opacity. */
export const UNCHOSEN_OPACITY = 0.28;

/** Box of the view with a margin, in level-0 pixels. */
export function boxOf(view: View, marginPx: number): Box {
  const width = view.widthPx / view.zoom + 2 * marginPx;
  const height = view.heightPx / view.zoom + 2 * marginPx;
  return { x: view.x - width / 2, y: view.y - height / 2, width, height };
}

/** Every how many-th row is drawn when `count` rows are in view: 1 for all. */
export function strideFor(count: number): number {
  // Strides of vertex attributes end at 255 bytes; a position takes 8.
  return Math.min(31, Math.max(1, Math.ceil(count / MOST_DRAWN)));
}

/** Screen position of a level-0 position, in CSS pixels from the pane's corner. */
export function toScreen(view: View, x: number, y: number): [number, number] {
  return [(x - view.x) * view.zoom + view.widthPx / 2, (y - view.y) * view.zoom + view.heightPx / 2];
}

/** CSS transform that moves a picture of one view to where another has it. */
export function shiftBetween(drawn: View, now: View): string {
  const scale = now.zoom / drawn.zoom;
  const left = (drawn.x - now.x) * now.zoom + (now.widthPx - scale * drawn.widthPx) / 2;
  const top = (drawn.y - now.y) * now.zoom + (now.heightPx - scale * drawn.heightPx) / 2;
  return `matrix(${scale}, 0, 0, ${scale}, ${left}, ${top})`;
}

export function sameView(a: View, b: View): boolean {
  return (
    a.x === b.x && a.y === b.y && a.zoom === b.zoom && a.widthPx === b.widthPx && a.heightPx === b.heightPx
  );
}

/** The inverse of {@link toScreen}. */
export function toSlide(view: View, screenX: number, screenY: number): [number, number] {
  return [
    (screenX - view.widthPx / 2) / view.zoom + view.x,
    (screenY - view.heightPx / 2) / view.zoom + view.y,
  ];
}
