/** What a person reads after a benchmark. */
import type { ExpressionSplit, LeakFinding } from '../eval/index.ts';
import type { CohortBenchmark } from '../pipeline/index.ts';
import { formatTable } from './table.ts';

const METRICS = [
  ['pcc', 'PCC'],
  ['pccTop', 'PCC-10'],
  ['mse', 'MSE'],
  ['mae', 'MAE'],
] as const;

const fixed = (value: number) => (Number.isNaN(value) ? 'n/a' : value.toFixed(4));

function splitTable({ title, folds, summary }: ExpressionSplit): string {
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
  return formatTable(columns, [
    ...rows,
    average('mean over folds', 'mean'),
    average('std over folds', 'std'),
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

export function benchmarkText(result: CohortBenchmark, files: readonly string[]): string {
  const card = Object.entries(result.protocol).map(([key, value]) => [key, String(value)]);
  const splits = result.splits.map((split) => [splitTable(split), ...leakLines(split.leaks)].join('\n'));
  return [...splits, formatTable(['protocol', ''], card), `written: ${files.join(', ')}`].join('\n\n');
}
