/** Where title, pictures and colour bar of a gene map stand; pure arithmetic, no drawing. */
import { textWidth } from './stroke-font.ts';
import type { Tick } from './ticks.ts';

/** A rectangle in output pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Positions of everything in a map; all whole pixels. */
export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly titleBaseline: number;
  readonly titleCapPx: number;
  /** Baseline of the captions above the panels, for pairs. */
  readonly captionBaseline: number;
  readonly panels: readonly Box[];
  readonly bar: Box;
}

/** Capital heights in pixels. */
export const CAP_PX = { title: 15, caption: 11, label: 10 } as const;
/** Outer margin and distance between panels. */
export const MARGIN_PX = 24;
/** Length of a tick mark and the gap to its label. */
export const TICK_PX = { length: 5, gap: 6 } as const;

/** What a layout depends on. */
export interface LayoutInput {
  readonly title: string;
  readonly unit: string;
  readonly ticks: readonly Tick[];
  /** Size of one panel; all are equal. */
  readonly panel: { readonly width: number; readonly height: number };
  readonly panelCount: number;
  readonly hasCaptions: boolean;
}

/** Title on top, panels in a row, the colour bar with its unit at the right. Nothing overlaps. */
export function layoutMap(input: LayoutInput): MapLayout {
  const { panel, panelCount } = input;
  const labelWidth = Math.max(0, ...input.ticks.map(({ label }) => textWidth(label, CAP_PX.label)));
  const barWidth = 20;
  const besideBar = barWidth + TICK_PX.length + TICK_PX.gap + labelWidth;
  const rightWidth = Math.ceil(Math.max(besideBar, textWidth(input.unit, CAP_PX.label)));
  const panelsWidth = panelCount * panel.width + (panelCount - 1) * MARGIN_PX;
  const width = MARGIN_PX + panelsWidth + MARGIN_PX + rightWidth + MARGIN_PX;
  const titleCapPx = fitCap(input.title, CAP_PX.title, width - 2 * MARGIN_PX);
  const titleBaseline = MARGIN_PX + CAP_PX.title;
  const captionBaseline = titleBaseline + 14 + CAP_PX.caption;
  const top = (input.hasCaptions ? captionBaseline : titleBaseline) + 16;
  const panels = Array.from({ length: panelCount }, (_, k) => ({
    x: MARGIN_PX + k * (panel.width + MARGIN_PX),
    y: top,
    ...panel,
  }));
  const barTop = top + Math.ceil(CAP_PX.label) + 14;
  const barHeight = Math.max(60, Math.min(340, panel.height - (barTop - top) - 6));
  const bar = { x: MARGIN_PX + panelsWidth + MARGIN_PX, y: barTop, width: barWidth, height: barHeight };
  const height = Math.max(top + panel.height, bar.y + bar.height + 6) + MARGIN_PX;
  return { width, height, titleBaseline, titleCapPx, captionBaseline, panels, bar };
}

/** A title that is too long becomes smaller. */
function fitCap(text: string, capPx: number, room: number): number {
  const width = textWidth(text, capPx);
  return width <= room ? capPx : (capPx * room) / width;
}
