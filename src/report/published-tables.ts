/** A run's numbers in the layout of the paper, beside the published ones. */
import { cell, numberColumns, type ResultTable } from '../eval/results/index.ts';
import {
  HEST_BENCHMARK,
  HEST_EXTENDED,
  PAPER_METRICS,
  type PaperMetric,
  type PublishedScores,
} from './paper-tables.ts';

export const METRIC_LABELS: Readonly<Record<PaperMetric, string>> = {
  pcc: 'PCC',
  pccTop: 'PCC-10',
  mse: 'MSE',
  mae: 'MAE',
};

/** Mean and standard deviation of every metric; values that are not defined may be null or NaN. */
export type RunScores = Readonly<Record<PaperMetric, { readonly mean: number; readonly std: number }>>;

const spread = (mean: number, std: number) => `${cell(mean)} ± ${cell(std)}`;
const own = (scores: RunScores, metric: PaperMetric) => spread(scores[metric].mean, scores[metric].std);
const published = (scores: PublishedScores, metric: PaperMetric) => spread(...scores[metric]);

/** One row per model; the run first. */
export function hestTable(label: string, scores: RunScores): ResultTable {
  const rows = Object.entries(HEST_BENCHMARK).map(([model, row]) => [
    `${model}, published`,
    ...PAPER_METRICS.map((metric) => published(row, metric)),
  ]);
  return {
    columns: numberColumns('model', ...PAPER_METRICS.map((metric) => METRIC_LABELS[metric])),
    rows: [[label, ...PAPER_METRICS.map((metric) => own(scores, metric))], ...rows],
  };
}

export interface ExtendedRun {
  readonly random: RunScores;
  readonly heldOut: RunScores;
  readonly drop: Readonly<Record<PaperMetric, number>>;
}

/** Random, held out and drop of some metrics, one row per model, the run first. */
export function extendedTable(label: string, run: ExtendedRun, metrics: readonly PaperMetric[]): ResultTable {
  const rows = Object.entries(HEST_EXTENDED).flatMap(([set, models]) =>
    Object.entries(models).map(([model, row]) => [
      `${model} (${set}), published`,
      ...metrics.flatMap((m) => [published(row.random, m), published(row.loso, m), cell(row.drop[m], 1)]),
    ]),
  );
  const first = metrics.flatMap((m) => [own(run.random, m), own(run.heldOut, m), cell(run.drop[m], 1)]);
  const headers = metrics.flatMap((m) =>
    ['random', 'held out', 'drop %'].map((what) => `${METRIC_LABELS[m]} ${what}`),
  );
  return { columns: numberColumns('model', ...headers), rows: [[label, ...first], ...rows] };
}
