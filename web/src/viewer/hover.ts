/** Reading a spot: under the pointer, in the middle of the view, or in the embedding. */
import { announce } from '../dom/announce.ts';
import { element, fill } from '../dom/element.ts';
import { formatNumber } from '../numbers/format.ts';
import { toScreen, toSlide } from '../overlay/layer.ts';
import type { Hover } from './choice-state.ts';
import { contentsOf, type ViewerContext } from './context.ts';
import type { Pane } from './pane.ts';
import type { PaneContent } from './pane-content.ts';
import type { TableData } from './slide-data.ts';

/** What is read of one spot. */
interface Reading {
  readonly barcode: string;
  readonly place: string;
  readonly values: readonly { readonly title: string; readonly text: string }[];
}

/** The row of a content at a place, or undefined. */
function rowAt({ table }: PaneContent, x: number, y: number, extra = 0): number | undefined {
  return table.index.nearest(x, y, table.detail.sizePx / 2 + extra);
}

export class HoverReader {
  readonly tip = element('div', { class: 'tip', attributes: { role: 'tooltip' } });
  #round = 0;
  readonly #unsubscribe: () => void;
  readonly context: ViewerContext;

  constructor(context: ViewerContext) {
    this.context = context;
    this.tip.hidden = true;
    this.#unsubscribe = context.store.subscribe(({ hover }, before) => {
      if (hover !== before.hover) void this.#show(hover);
    });
  }

  attach(pane: Pane): void {
    pane.root.addEventListener('pointermove', (event) => {
      const { view } = pane;
      if (view === undefined || event.buttons !== 0 || this.context.store.get().tool !== 'move') return;
      const box = pane.root.getBoundingClientRect();
      const [x, y] = toSlide(view, event.clientX - box.left, event.clientY - box.top);
      // A small spot on the screen may be missed by two pixels.
      this.#hoverAt(pane, x, y, 2 / view.zoom);
    });
    pane.root.addEventListener('pointerleave', () => this.context.store.set({ hover: null }));
    // Touch has no hovering: a tap reads the spot.
    pane.viewer.addHandler('canvas-click', ({ position }) => {
      const { view } = pane;
      if (view === undefined) return;
      const [x, y] = toSlide(view, position.x, position.y);
      this.#hoverAt(pane, x, y, 6 / view.zoom);
    });
  }

  /** For the keyboard: reads the spot nearest to the middle of the view, aloud too. */
  async readMiddle(): Promise<void> {
    const pane = this.context.group.leader;
    const { view } = pane ?? {};
    const content = this.#contentOf(pane);
    if (view === undefined || content === undefined) return;
    const row = content.table.index.nearest(view.x, view.y, view.widthPx / view.zoom);
    if (row === undefined) return announce('There is no spot in view.');
    const hover = { tableId: content.table.detail.id, row };
    this.context.store.set({ hover });
    const { barcode, place, values } = await this.#read(content.table, row);
    announce(`${barcode}, ${place}, ${values.map(({ title, text }) => `${title} ${text}`).join(', ')}`);
  }

  dispose(): void {
    this.#unsubscribe();
    this.tip.remove();
  }

  #contentOf(pane: Pane | undefined): PaneContent | undefined {
    const item = pane && this.context.shown()[this.context.group.panes.indexOf(pane)];
    return item === undefined || typeof item === 'string' ? undefined : item;
  }

  #hoverAt(pane: Pane, x: number, y: number, extra: number): void {
    const { store } = this.context;
    const content = this.#contentOf(pane);
    const row = content && rowAt(content, x, y, extra);
    const before = store.get().hover;
    if (content === undefined || row === undefined) store.set({ hover: null });
    else if (before?.row !== row || before.tableId !== content.table.detail.id) {
      store.set({ hover: { tableId: content.table.detail.id, row } });
    }
  }

  async #show(hover: Hover | null): Promise<void> {
    const round = ++this.#round;
    const { group, slide } = this.context;
    const table = hover && (await slide.table(hover.tableId));
    if (round !== this.#round) return;
    if (hover === null || table === null) {
      this.tip.hidden = true;
      for (const pane of group.panes) pane.setAnnotations({ ring: null });
      return;
    }
    const [x, y] = [table.positions[2 * hover.row]!, table.positions[2 * hover.row + 1]!];
    const { sizePx, shape } = table.detail;
    for (const pane of group.panes) pane.setAnnotations({ ring: { x, y, sizePx, shape } });
    const reading = await this.#read(table, hover.row);
    if (round !== this.#round) return;
    fill(
      this.tip,
      element('strong', {}, reading.barcode),
      ...reading.values.map(({ title, text }) =>
        element('span', { class: 'tip-value' }, element('span', {}, title), element('b', {}, text)),
      ),
      element('span', { class: 'tip-place' }, reading.place),
    );
    this.#placeTip(x, y, sizePx);
  }

  async #read(table: TableData, row: number): Promise<Reading> {
    const [x, y] = [table.positions[2 * row]!, table.positions[2 * row + 1]!];
    const barcodes = await table.barcodes();
    const { mpp } = this.context.slide.detail;
    const inPixels = `x ${Math.round(x)}, y ${Math.round(y)} px`;
    const inUm = mpp === null ? '' : ` (${Math.round(x * mpp)}, ${Math.round(y * mpp)} \u00b5m)`;
    const values = contentsOf(this.context.shown()).map((content) => {
      const own = content.table === table ? row : rowAt(content, x, y);
      const value = own === undefined ? undefined : content.values[own];
      return { title: content.title, text: value === undefined ? 'no spot here' : textOf(value) };
    });
    return { barcode: barcodes[row] ?? `row ${row + 1}`, place: inPixels + inUm, values };
  }

  #placeTip(x: number, y: number, sizePx: number): void {
    const pane = this.context.group.leader;
    const hovered = this.context.group.panes.find(({ root }) => root.matches(':hover')) ?? pane;
    const view = hovered?.view;
    if (hovered === undefined || view === undefined) return;
    const [screenX, screenY] = toScreen(view, x, y);
    const outside = screenX < 0 || screenY < 0 || screenX > view.widthPx || screenY > view.heightPx;
    this.tip.hidden = outside;
    if (outside) return;
    hovered.root.append(this.tip);
    const gap = Math.max(6, (sizePx * view.zoom) / 2 + 6);
    const left = screenX > view.widthPx / 2 ? screenX - gap - this.tip.offsetWidth : screenX + gap;
    this.tip.style.left = `${Math.min(Math.max(4, left), Math.max(4, view.widthPx - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${Math.min(Math.max(4, screenY - 20), Math.max(4, view.heightPx - this.tip.offsetHeight - 4))}px`;
  }
}

function textOf(value: number): string {
  return Number.isFinite(value) ? formatNumber(value) : 'missing';
}
