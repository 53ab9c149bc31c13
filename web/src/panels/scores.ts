/** The scores of a run: protocol, strips, and a table to sort. Used in the viewer and on a page of its own. */
import { type RunDetail, reportAddress } from '../../../src/contract/index.ts';
import { button, element, fill, labelled, select } from '../dom/element.ts';
import { type Marked, type ScoreRow, type SortKey, type Split, scoreRows, sortRows } from './score-rows.ts';
import { stripChart } from './strip-chart.ts';

const score = (value: number | null | undefined) =>
  value === null || value === undefined ? '-' : value.toFixed(3).replace('-', '\u2212');

function scoreTable(split: Split, rows: readonly ScoreRow[], onPick: (gene: string) => void): Marked {
  const columns: readonly (readonly [SortKey, string])[] = [
    ['gene', 'Gene'],
    ['mean', 'Mean'],
    ...split.folds.map(({ name }, fold) => [fold, name] as const),
  ];
  let key: SortKey = 'mean';
  let descending = true;
  const lines = new Map(
    rows.map(({ gene, mean, pcc }) => [
      gene,
      element(
        'tr',
        {},
        element(
          'th',
          { attributes: { scope: 'row' } },
          button(gene, () => onPick(gene), { class: 'link' }),
        ),
        ...[mean, ...pcc].map((value) => element('td', {}, score(value))),
      ),
    ]),
  );
  const body = element('tbody');
  const heads = columns.map(([column, label]) =>
    element(
      'th',
      { attributes: { scope: 'col' } },
      button(label, () => {
        descending = key === column ? !descending : column !== 'gene';
        key = column;
        sort();
      }),
    ),
  );
  const sort = () => {
    heads.forEach((head, i) => {
      const sorted = columns[i]![0] === key;
      head.setAttribute('aria-sort', sorted ? (descending ? 'descending' : 'ascending') : 'none');
    });
    fill(body, ...sortRows(rows, key, descending).map(({ gene }) => lines.get(gene)));
  };
  sort();
  const table = element(
    'table',
    { class: 'scores' },
    element('thead', {}, element('tr', {}, ...heads)),
    body,
  );
  const attributes = { tabindex: 0, role: 'region', 'aria-label': 'Scores per gene' };
  return {
    root: element('div', { class: 'table-scroll', attributes }, table),
    setCurrent(current) {
      for (const [gene, line] of lines) line.className = gene === current ? 'chosen' : '';
    },
  };
}

function protocolList(protocol: RunDetail['protocol']): HTMLElement {
  return element(
    'details',
    { class: 'protocol' },
    element('summary', {}, 'Protocol'),
    element(
      'dl',
      { class: 'facts' },
      ...protocol.flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]),
    ),
  );
}

/** Scores on held-out patients or studies come first: random spots have neighbours on both sides of a fold. */
export function firstShown(splits: readonly Split[]): Split | undefined {
  return splits.findLast(({ name }) => !name.startsWith('random')) ?? splits[0];
}

/** Everything known of a run. */
export function scoresOf(run: RunDetail, onPick: (gene: string) => void): Marked {
  const body = element('div', { class: 'stack' });
  let parts: readonly Marked[] = [];
  let current: string | null = null;
  const show = (split: Split) => {
    const rows = scoreRows(split);
    parts = [stripChart(split, rows, onPick), scoreTable(split, rows, onPick)];
    for (const part of parts) part.setCurrent(current);
    fill(body, ...parts.map(({ root }) => root));
  };
  const first = firstShown(run.splits);
  const choice = select(
    run.splits.map(({ name }) => [name, name] as const),
    first?.name ?? '',
    (name) => show(run.splits.find((split) => split.name === name)!),
  );
  if (first === undefined) {
    fill(body, element('p', { class: 'quiet-text' }, 'This run has no scores per gene.'));
  } else show(first);
  const report = { href: reportAddress(run.id), target: '_blank', rel: 'noopener' };
  const root = element(
    'div',
    { class: 'stack' },
    run.splits.length > 1 && labelled('Split', choice),
    body,
    run.protocol.length > 0 && protocolList(run.protocol),
    run.report && element('a', { attributes: report }, 'Open the full report'),
  );
  return {
    root,
    setCurrent(gene) {
      current = gene;
      for (const part of parts) part.setCurrent(gene);
    },
  };
}
