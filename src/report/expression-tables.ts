/** Tables of folds and leaks of an expression benchmark. */
import type { ExpressionSplit, LeakFinding } from '../eval/index.ts';
import { cell, numberColumns } from '../eval/results/index.ts';
import { type ReportBlock, type ReportTable, table, text } from './document.ts';
import { METRIC_LABELS } from './published-tables.ts';

const METRICS = ['pcc', 'pccTop', 'mse', 'mae'] as const;

/** One row per fold, mean and standard deviation last. */
export function foldTable({ name, title, folds, summary }: ExpressionSplit): ReportTable {
  const rows = folds.map((fold) => {
    const { scores, intervals, trainSpots, alpha } = fold;
    const pcc = intervals?.pcc;
    return [
      fold.name,
      String(trainSpots),
      String(scores.spots),
      ...METRICS.map((metric) => cell(scores[metric])),
      pcc === undefined ? '' : `${cell(pcc.low)} to ${cell(pcc.high)}`,
      String(scores.genes),
      String(scores.undefinedGenes),
      Number(alpha.toPrecision(3)).toString(),
    ];
  });
  const last = (label: string, pick: 'mean' | 'std') => [
    label,
    '',
    '',
    ...METRICS.map((metric) => cell(summary[metric][pick])),
    ...['', '', '', ''],
  ];
  const headers = [
    'train spots',
    'test spots',
    ...METRICS.map((metric) => METRIC_LABELS[metric]),
    'PCC 95 % (spots)',
    'genes',
    'undefined',
    'alpha',
  ];
  return table(
    `folds ${name}`,
    { columns: numberColumns('fold', ...headers), rows: [...rows, last('mean', 'mean'), last('std', 'std')] },
    title,
  );
}

/** Findings of one kind over all folds, as one line. */
function leakLine(split: string, alike: readonly LeakFinding[]): string {
  const { severity, message } = alike[0]!;
  const more = alike.length > 1 ? `, and ${alike.length - 1} more of this kind` : '';
  return `${split}: ${severity}: ${message}${more}`;
}

/** One remark per split and kind of leak; a sentence where nothing was found. */
export function leakBlocks(splits: readonly ExpressionSplit[]): ReportBlock[] {
  return splits.flatMap(({ name, title, leaks }) => {
    if (leaks.length === 0) {
      return [
        text(
          `${title}: no section, patient, image, set of counts or spot names stands on both sides of a fold.`,
        ),
      ];
    }
    const kinds = [...new Set(leaks.map(({ kind }) => kind))];
    return kinds.map((kind) =>
      text(
        leakLine(
          name,
          leaks.filter((leak) => leak.kind === kind),
        ),
        'note',
      ),
    );
  });
}
