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

/** One row per model and metric, as the paper's columns Random, LOSO and Drop. */
export function extendedTable(label: string, run: ExtendedRun): ResultTable {
  const line = (model: string, metric: PaperMetric, random: string, loso: string, drop: number) => [
    model,
    METRIC_LABELS[metric],
    random,
    loso,
    cell(drop, 1),
  ];
  const rows = PAPER_METRICS.flatMap((metric) => [
    line(label, metric, own(run.random, metric), own(run.heldOut, metric), run.drop[metric]),
    ...Object.entries(HEST_EXTENDED).flatMap(([set, models]) =>
      Object.entries(models).map(([model, row]) =>
        line(
          `${model} (${set}), published`,
          metric,
          published(row.random, metric),
          published(row.loso, metric),
          row.drop[metric],
        ),
      ),
    ),
  ]);
  return {
    columns: [
      { header: 'model' },
      { header: 'metric' },
      ...['random', 'held out', 'drop %'].map((header) => ({ header, align: 'right' as const })),
    ],
    rows,
  };
}
