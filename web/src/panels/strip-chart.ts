/** One strip per fold, one mark per gene at its Pearson correlation. */
import { element } from '../dom/element.ts';
import type { ScoreRow, Split } from './score-rows.ts';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 320;
const LEFT = 78;
const ROW = 22;

function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number>,
  text = '',
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.textContent = text;
  return made;
}

/** Left end of the axis: 0, or what the lowest score asks for. */
export function axisStart(rows: readonly ScoreRow[]): number {
  const lowest = Math.min(0, ...rows.flatMap(({ pcc }) => pcc.filter((value) => value !== null)));
  return Math.floor(lowest * 4) / 4;
}

/** @param current gene that is marked; @param onPick called with the gene of a mark */
export function stripChart(
  split: Split,
  rows: readonly ScoreRow[],
  current: string | null,
  onPick: (gene: string) => void,
): HTMLElement {
  const start = axisStart(rows);
  const height = ROW * split.folds.length + 26;
  const x = (value: number) => LEFT + ((value - start) / (1 - start)) * (WIDTH - LEFT - 12);
  const chart = svg('svg', {
    viewBox: `0 0 ${WIDTH} ${height}`,
    class: 'strip-chart',
    role: 'img',
    'aria-label': `Pearson correlation per gene in ${split.folds.length} folds; the table below has the numbers`,
  });
  for (let tick = start; tick <= 1.001; tick += 0.25) {
    chart.append(svg('line', { x1: x(tick), x2: x(tick), y1: 4, y2: height - 20, class: 'grid' }));
    chart.append(svg('text', { x: x(tick), y: height - 6, 'text-anchor': 'middle' }, String(tick)));
  }
  split.folds.forEach(({ name }, fold) => {
    const y = 4 + ROW * (fold + 0.5);
    const label = svg('text', { x: 0, y: y + 4 }, name.length > 11 ? `${name.slice(0, 10)}\u2026` : name);
    label.append(svg('title', {}, name));
    chart.append(label);
    // The marked gene is drawn last, on top.
    const ordered = [...rows].sort((a, b) => Number(a.gene === current) - Number(b.gene === current));
    for (const { gene, pcc } of ordered) {
      const value = pcc[fold];
      if (value === null || value === undefined) continue;
      const mark = svg('circle', {
        cx: x(value),
        cy: y,
        r: gene === current ? 5 : 3.5,
        class: gene === current ? 'mark current' : 'mark',
      });
      mark.append(svg('title', {}, `${gene}: ${value.toFixed(3)}`));
      mark.addEventListener('click', () => onPick(gene));
      chart.append(mark);
    }
  });
  const figure = element('figure', {}, element('figcaption', {}, 'Pearson correlation per gene and fold'));
  figure.append(chart);
  return figure;
}
