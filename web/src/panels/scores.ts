/** The scores of a run: protocol, strips, and a table to sort. Used in the viewer and on a page of its own. */
import { type RunDetail, reportAddress } from '../../../src/contract/index.ts';
import { button, element, fill, labelled, select } from '../dom/element.ts';
import { type ScoreRow, type SortKey, type Split, scoreRows, sortRows } from './score-rows.ts';
import { stripChart } from './strip-chart.ts';

const score = (value: number | null | undefined) =>
  value === null || value === undefined ? '-' : value.toFixed(3).replace('-', '\u2212');

interface TableOptions {
  readonly split: Split;
  readonly rows: readonly ScoreRow[];
  readonly current: string | null;
  readonly onPick: (gene: string) => void;
}

function scoreTable({ split, rows, current, onPick }: TableOptions): HTMLElement {
  const columns: readonly (readonly [SortKey, string])[] = [
    ['gene', 'Gene'],
    ['mean', 'Mean'],
    ...split.folds.map(({ name }, fold) => [fold, name] as const),
  ];
  let key: SortKey = 'mean';
  let descending = true;
  const body = element('tbody');
  const heads = columns.map(([column, label]) =>
    element(
      'th',
      { attributes: { scope: 'col' } },
      button(label, () => {
        descending = key === column ? !descending : column !== 'gene';
        key = column;
        show();
      }),
    ),
  );
  const show = () => {
    heads.forEach((head, i) => {
      const sorted = columns[i]![0] === key;
      head.setAttribute('aria-sort', sorted ? (descending ? 'descending' : 'ascending') : 'none');
    });
    fill(
      body,
      ...sortRows(rows, key, descending).map(({ gene, mean, pcc }) =>
        element(
          'tr',
          { class: gene === current ? 'chosen' : '' },
          element(
            'th',
            { attributes: { scope: 'row' } },
            button(gene, () => onPick(gene), { class: 'link' }),
          ),
          ...[mean, ...pcc].map((value) => element('td', {}, score(value))),
        ),
      ),
    );
  };
  show();
  return element(
    'div',
    { class: 'table-scroll', attributes: { tabindex: 0, role: 'region', 'aria-label': 'Scores per gene' } },
    element('table', { class: 'scores' }, element('thead', {}, element('tr', {}, ...heads)), body),
  );
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

/** Builds everything known of a run; call it again with another `current` to mark another gene. */
export function scoresOf(
  run: RunDetail,
  current: string | null,
  onPick: (gene: string) => void,
): HTMLElement {
  const box = element('div', { class: 'stack' });
  const body = element('div', { class: 'stack' });
  const show = (split: Split) => {
    const rows = scoreRows(split);
    fill(body, stripChart(split, rows, current, onPick), scoreTable({ split, rows, current, onPick }));
  };
  const [first] = run.splits;
  const choice = select(
    run.splits.map(({ name }, i) => [String(i), name] as const),
    '0',
    (index) => show(run.splits[Number(index)]!),
  );
  if (first === undefined) {
    fill(body, element('p', { class: 'quiet-text' }, 'This run has no scores per gene.'));
  } else show(first);
  fill(
    box,
    run.splits.length > 1 && labelled('Split', choice),
    body,
    run.protocol.length > 0 && protocolList(run.protocol),
    run.report &&
      element(
        'a',
        { attributes: { href: reportAddress(run.id), target: '_blank', rel: 'noopener' } },
        'Open the full report',
      ),
  );
  return box;
}
