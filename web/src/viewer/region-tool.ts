/** Drawing a region on a pane: freehand (lasso) or a rectangle. */
import { areaOf, boxBetween, type Point, type Polygon, polygonOfBox } from '../geometry/polygon.ts';
import { toSlide } from '../overlay/layer.ts';
import type { Pane } from './pane.ts';

export type Tool = 'move' | 'lasso' | 'rectangle' | 'region';

/** Points of a freehand line are at least this far apart, in CSS pixels. */
const STEP_PX = 3;

/**
 * Listens on a pane's drawing layer. While the tool is `move` the layer lets everything through to the slide.
 *
 * @param onDraft  called with the region as it grows, null when drawing was given up
 * @param onRegion called with the finished region, in level-0 pixels
 */
export function attachRegionTool(
  pane: Pane,
  tool: () => Tool,
  onDraft: (draft: Polygon | null) => void,
  onRegion: (region: Polygon) => void,
): void {
  const { canvas } = pane.annotations;
  let points: Point[] = [];
  let last: Point = [0, 0];

  const place = (event: PointerEvent): Point | undefined => {
    const box = canvas.getBoundingClientRect();
    const { view } = pane;
    return view && toSlide(view, event.clientX - box.left, event.clientY - box.top);
  };
  const shape = (): Polygon =>
    tool() === 'lasso' ? points : polygonOfBox(boxBetween(points[0]!, points.at(-1)!));

  canvas.addEventListener('pointerdown', (event) => {
    const start = place(event);
    if (tool() === 'move' || start === undefined || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    points = [start];
    last = [event.clientX, event.clientY];
    event.preventDefault();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (points.length === 0) return;
    if (Math.hypot(event.clientX - last[0], event.clientY - last[1]) < STEP_PX) return;
    const next = place(event);
    if (next === undefined) return;
    last = [event.clientX, event.clientY];
    points.push(next);
    onDraft(shape());
  });
  const end = (finished: boolean) => {
    if (points.length === 0) return;
    const region = shape();
    points = [];
    onDraft(null);
    if (finished && region.length >= 3 && areaOf(region) > 0) onRegion(region);
  };
  canvas.addEventListener('pointerup', () => end(true));
  canvas.addEventListener('pointercancel', () => end(false));
  canvas.addEventListener('wheel', (event) => {
    if (tool() === 'move') return;
    const view = pane.view;
    if (view === undefined) return;
    event.preventDefault();
    pane.viewer.viewport.zoomBy(event.deltaY < 0 ? 1.25 : 0.8);
  });
}
