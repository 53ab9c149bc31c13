/** What a person reads after a benchmark. */
import type { ExpressionSplit, Interval, LeakFinding, PairedDifference, SplitDrop } from '../eval/index.ts';
import type { CohortBenchmark } from '../pipeline/index.ts';
import { formatTable } from './table.ts';

const METRICS = [
  ['pcc', 'PCC'],
  ['pccTop', 'PCC-10'],
  ['mse', 'MSE'],
  ['mae', 'MAE'],
] as const;

const fixed = (value: number) => (Number.isNaN(value) ? 'n/a' : value.toFixed(4));

function splitTable({ title, folds, summary, intervals }: ExpressionSplit): string {
  const right = (header: string) => ({ header, align: 'right' as const });
  const columns = [
    title,
    right('train spots'),
    right('test spots'),
    ...METRICS.map(([, label]) => right(label)),
    right('genes'),
    right('undefined'),
  ];
  const rows = folds.map(({ name, trainSpots, scores }) => [
    name,
    String(trainSpots),
    String(scores.spots),
    ...METRICS.map(([key]) => fixed(scores[key])),
    String(scores.genes),
    String(scores.undefinedGenes),
  ]);
  const average = (label: string, pick: 'mean' | 'std') => [
    label,
    '',
    '',
    ...METRICS.map(([key]) => fixed(summary[key][pick])),
    '',
    '',
  ];
  const bounds = (['spots', 'folds'] as const).flatMap((kind) =>
    (['low', 'high'] as const).map((end) => [
      `95 % of the mean, over ${kind}: ${end}`,
      '',
      '',
      ...METRICS.map(([key]) => (intervals === undefined ? '' : fixed(intervals[kind][key][end]))),
      '',
      '',
    ]),
  );
  return formatTable(columns, [
    ...rows,
    average('mean over folds', 'mean'),
    average('std over folds', 'std'),
    ...(intervals === undefined ? [] : bounds),
  ]);
}

/** One line per kind of leak, with its first finding; a split over spots has one per section and fold. */
function leakLines(leaks: readonly LeakFinding[]): string[] {
  const kinds = new Map<string, LeakFinding[]>();
  for (const leak of leaks) kinds.set(leak.kind, [...(kinds.get(leak.kind) ?? []), leak]);
  return [...kinds.values()].map((alike) => {
    const { severity, message } = alike[0]!;
    return `${severity}: ${message}${alike.length > 1 ? `, and ${alike.length - 1} more (result.json)` : ''}`;
  });
}

const percent = (value: number) => (Number.isNaN(value) ? 'n/a' : value.toFixed(1));
const range = ({ low, high }: Interval, shown: (value: number) => string = fixed) =>
  `${shown(low)} to ${shown(high)}`;

/** One row per metric: both means and the loss between them. */
function dropTable({ random, heldOut, metrics }: SplitDrop): string {
  const right = (header: string) => ({ header, align: 'right' as const });
  const rows = METRICS.map(([key, label]) => {
    const drop = metrics[key];
    const interval = drop.interval === undefined ? '' : range(drop.interval, percent);
    return [label, fixed(drop.random), fixed(drop.heldOut), percent(drop.dropPercent), interval];
  });
  return formatTable(
    [`drop: ${random} to ${heldOut}`, right(random), right(heldOut), right('drop %'), right('95 % (folds)')],
    rows,
  );
}

/** One row per split and metric against another run. */
function comparisonTable({ against, splits }: PairedDifference): string {
  const right = (header: string) => ({ header, align: 'right' as const });
  const rows = splits.flatMap(({ name, metrics }) =>
    METRICS.map(([key, label]) => {
      const { own, rival, difference, spots, folds, better } = metrics[key];
      const intervals = [spots, folds].map((interval) => (interval === undefined ? '' : range(interval)));
      const share = better === undefined ? '' : percent(100 * better);
      return [`${name}: ${label}`, fixed(own), fixed(rival), fixed(difference), ...intervals, share];
    }),
  );
  const columns = ['this run', 'other', 'difference', '95 % (spots)', '95 % (folds)', 'better in %'];
  return formatTable([`against ${against}`, ...columns.map(right)], rows);
}

export function benchmarkText(result: CohortBenchmark, files: readonly string[]): string {
  const card = Object.entries(result.protocol).map(([key, value]) => [key, String(value)]);
  const splits = result.splits.map((split) => [splitTable(split), ...leakLines(split.leaks)].join('\n'));
  return [
    ...splits,
    ...result.drops.map(dropTable),
    ...(result.comparison === undefined ? [] : [comparisonTable(result.comparison)]),
    formatTable(['protocol', ''], card),
    `written: ${files.join(', ')}`,
  ].join('\n\n');
}
