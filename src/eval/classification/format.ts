/** Classification results as tables. */
import { cell, meanAndSpread, numberColumns, type ResultTable } from '../results/index.ts';
import type { ClassificationFold, ClassificationResult } from './result.ts';
import { CLASSIFICATION_METRICS, type ClassificationMetric, type ClassificationScores } from './scores.ts';

const HEADERS: Record<ClassificationMetric, string> = {
  accuracy: 'accuracy',
  balancedAccuracy: 'balanced acc.',
  f1Macro: 'macro F1',
  f1Weighted: 'weighted F1',
  kappaQuadratic: 'quadratic kappa',
  auroc: 'AUROC',
  auprc: 'AUPRC',
  aurocOvrMacro: 'AUROC ovr macro',
  aurocOvrWeighted: 'AUROC ovr weighted',
  aurocOvoMacro: 'AUROC ovo macro',
};

function shown({ scores, intervals }: ClassificationFold, metric: ClassificationMetric): string {
  const interval = intervals[metric];
  const value = cell(scores[metric]);
  return interval === undefined ? value : `${value} [${cell(interval.low)}, ${cell(interval.high)}]`;
}

/** One row per fold and, for more than one, a last row `mean ± std`; only metrics that some fold defines. */
export function formatClassification({ folds, summary }: ClassificationResult): ResultTable {
  const metrics = CLASSIFICATION_METRICS.filter((metric) => summary[metric].count > 0);
  const rows = folds.map((fold) => [
    fold.name,
    String(fold.scores.items),
    ...metrics.map((metric) => shown(fold, metric)),
  ]);
  const items = folds.reduce((sum, fold) => sum + fold.scores.items, 0);
  const mean = ['mean ± std', String(items), ...metrics.map((metric) => meanAndSpread(summary[metric]))];
  return {
    columns: numberColumns('fold', 'test items', ...metrics.map((metric) => HEADERS[metric])),
    rows: folds.length > 1 ? [...rows, mean] : rows,
  };
}

/** One row per class. */
export function formatClassScores({ perClass }: ClassificationScores): ResultTable {
  return {
    columns: numberColumns('class', 'items', 'called', 'recall', 'precision', 'F1', 'AUROC'),
    rows: perClass.map((row) => [
      row.class,
      String(row.support),
      String(row.predicted),
      ...[row.recall, row.precision, row.f1, row.auroc].map((value) => cell(value)),
    ]),
  };
}

/** Rows: true class; columns: class called. */
export function formatConfusion(
  { confusion }: ClassificationScores,
  classes: readonly string[],
): ResultTable {
  return {
    columns: numberColumns('true \\ called', ...classes),
    rows: confusion.map((row, t) => [classes[t]!, ...row.map(String)]),
  };
}
