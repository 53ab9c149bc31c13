/** The legend of a pane: what is shown, its colours, the numbers at their ends, the unit. */
import { type ColourMapName, colourTable, TABLE_SIZE } from '../colour/colour-maps.ts';
import type { ValueRange } from '../colour/range.ts';
import { context2d } from '../dom/canvas.ts';
import { element } from '../dom/element.ts';
import { formatNumber } from '../numbers/format.ts';

export interface LegendContent {
  readonly title: string;
  readonly name: string;
  readonly unit: string;
  readonly note: string;
  readonly map: ColourMapName;
  readonly range: ValueRange;
}

export interface Legend {
  readonly root: HTMLElement;
  set(content: LegendContent | null): void;
  get(): LegendContent | null;
}

/** The colours from left to right, one pixel each. */
export function paintColourBar(canvas: HTMLCanvasElement, map: ColourMapName): void {
  canvas.width = TABLE_SIZE;
  canvas.height = 1;
  const image = new ImageData(new Uint8ClampedArray(colourTable(map)), TABLE_SIZE, 1);
  context2d(canvas).putImageData(image, 0, 0);
}

/** Numbers written below the colours: the ends, and zero or the middle. */
export function legendTicks({ low, high }: ValueRange): [string, string, string] {
  return [formatNumber(low), formatNumber((low + high) / 2), formatNumber(high)];
}

export function createLegend(): Legend {
  const title = element('strong');
  const name = element('span', { class: 'legend-gene' });
  const bar = element('canvas', { class: 'legend-bar', attributes: { 'aria-hidden': 'true' } });
  const ticks = [element('span'), element('span'), element('span')];
  const unit = element('span', { class: 'legend-unit' });
  const note = element('span', { class: 'legend-note' });
  const root = element(
    'div',
    { class: 'legend' },
    element('div', { class: 'legend-head' }, title, name),
    bar,
    element('div', { class: 'legend-ticks' }, ...ticks),
    unit,
    note,
  );
  root.hidden = true;
  let shown: LegendContent | null = null;
  return {
    root,
    get: () => shown,
    set(content) {
      shown = content;
      root.hidden = content === null;
      if (content === null) return;
      title.textContent = content.title;
      name.textContent = content.name;
      unit.textContent = content.unit;
      unit.hidden = content.unit === '';
      note.textContent = content.note;
      note.hidden = content.note === '';
      legendTicks(content.range).forEach((text, i) => {
        ticks[i]!.textContent = text;
      });
      paintColourBar(bar, content.map);
    },
  };
}
