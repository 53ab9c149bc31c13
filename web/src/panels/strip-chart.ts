/** One strip per fold, one mark per gene at its Pearson correlation. */
import { element } from '../dom/element.ts';
import type { Marked, ScoreRow, Split } from './score-rows.ts';

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

/** @param onPick called with the gene of a mark */
export function stripChart(split: Split, rows: readonly ScoreRow[], onPick: (gene: string) => void): Marked {
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
  const marks: (readonly [string, SVGCircleElement])[] = [];
  split.folds.forEach(({ name }, fold) => {
    const y = 4 + ROW * (fold + 0.5);
    const label = svg('text', { x: 0, y: y + 4 }, name.length > 11 ? `${name.slice(0, 10)}\u2026` : name);
    label.append(svg('title', {}, name));
    chart.append(label);
    for (const { gene, pcc } of rows) {
      const value = pcc[fold];
      if (value === null || value === undefined) continue;
      const mark = svg('circle', { cx: x(value), cy: y, r: 3.5, class: 'mark' });
      mark.append(svg('title', {}, `${gene}: ${value.toFixed(3)}`));
      mark.addEventListener('click', () => onPick(gene));
      marks.push([gene, mark]);
      chart.append(mark);
    }
  });
  const root = element('figure', {}, element('figcaption', {}, 'Pearson correlation per gene and fold'));
  root.append(chart);
  return {
    root,
    setCurrent(current) {
      for (const [gene, mark] of marks) {
        const chosen = gene === current;
        mark.setAttribute('class', chosen ? 'mark current' : 'mark');
        mark.setAttribute('r', chosen ? '5' : '3.5');
        // Drawn last: on top of the others.
        if (chosen) chart.append(mark);
      }
    },
  };
}
