/** The current view as a PNG: slides, spots, drawings, legends and scale bars. */
import { colourTable, TABLE_SIZE } from '../colour/colour-maps.ts';
import { context2d } from '../dom/canvas.ts';
import { scaleBar } from '../numbers/scale-bar.ts';
import { type LegendContent, legendTicks } from './legend.ts';
import { barLimit, type Pane } from './pane.ts';

const FOOT_PX = 92;
const GAP_PX = 8;
const FONT = 'system-ui, sans-serif';

function drawFoot(context: CanvasRenderingContext2D, content: LegendContent, x: number, y: number): void {
  context.fillStyle = '#111';
  context.font = `600 13px ${FONT}`;
  context.fillText(`${content.title}  ${content.name}`, x, y + 18);
  const table = colourTable(content.map);
  const width = 200;
  for (let i = 0; i < width; i++) {
    const at = 4 * Math.round((i / (width - 1)) * (TABLE_SIZE - 1));
    context.fillStyle = `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
    context.fillRect(x + i, y + 28, 1, 12);
  }
  context.fillStyle = '#111';
  context.font = `12px ${FONT}`;
  const aligns = ['left', 'center', 'right'] as const;
  legendTicks(content.range).forEach((text, i) => {
    context.textAlign = aligns[i]!;
    context.fillText(text, x + (i * width) / 2, y + 54);
  });
  context.textAlign = 'left';
  context.fillText([content.unit, content.note].filter((text) => text !== '').join(', '), x, y + 74);
}

function drawBar(context: CanvasRenderingContext2D, pane: Pane, x: number, y: number, width: number): void {
  const { view } = pane;
  if (view === undefined) return;
  const { widthPx, label } = scaleBar(view.zoom, pane.slide.mpp, barLimit(width));
  const left = x + width - widthPx - 12;
  context.fillStyle = '#111';
  context.fillRect(left, y + 28, widthPx, 4);
  context.font = `12px ${FONT}`;
  context.textAlign = 'center';
  context.fillText(label, left + widthPx / 2, y + 50);
  context.textAlign = 'left';
}

/** Paints the panes side by side on white. @throws Error when the browser cannot make the file */
export async function pictureOf(panes: readonly Pane[], title: string): Promise<Blob> {
  const ratio = devicePixelRatio || 1;
  const views = panes.flatMap((pane) => (pane.view === undefined ? [] : [{ pane, view: pane.view }]));
  const width = views.reduce((sum, { view }) => sum + view.widthPx + GAP_PX, GAP_PX);
  const height = Math.max(0, ...views.map(({ view }) => view.heightPx)) + FOOT_PX + 36;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = context2d(canvas);
  context.scale(ratio, ratio);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#111';
  context.font = `600 15px ${FONT}`;
  context.fillText(title, GAP_PX, 24);
  let x = GAP_PX;
  for (const { pane, view } of views) {
    pane.redraw();
    const slide = (pane.viewer.drawer as unknown as { canvas: HTMLCanvasElement }).canvas;
    for (const layer of [slide, pane.overlay.canvas, pane.annotations.canvas]) {
      if (layer.width > 0) context.drawImage(layer, x, 36, view.widthPx, view.heightPx);
    }
    const content = pane.legend.get();
    if (content !== null) drawFoot(context, content, x, view.heightPx + 40);
    drawBar(context, pane, x, view.heightPx + 40, view.widthPx);
    x += view.widthPx + GAP_PX;
  }
  const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (made === null)
    throw new Error('The browser could not make a picture of this size; make the window smaller.');
  return made;
}
