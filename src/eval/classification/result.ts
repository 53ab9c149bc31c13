/** What a classification evaluation hands back; plain JSON. */
import type { BootstrapInterval } from '../numeric/index.ts';
import { type CardValue, type FoldSummary, type ProtocolCard, summariseDefined } from '../results/index.ts';
import { CLASSIFICATION_METRICS, type ClassificationMetric, type ClassificationScores } from './scores.ts';

/** One fold, or one of several runs on it. */
export interface ClassificationFold {
  readonly name: string;
  /** Items per class on every side. */
  readonly counts: Readonly<Record<'train' | 'validation' | 'test', readonly number[]>>;
  readonly scores: ClassificationScores;
  /** Bootstrap over the test items (patients where known); empty when not asked for. */
  readonly intervals: Readonly<Partial<Record<ClassificationMetric, BootstrapInterval>>>;
  /** What was chosen on validation, or how the fit ended. */
  readonly choices: Readonly<Record<string, CardValue>>;
  readonly notes: readonly string[];
}

/** One test item. */
export interface Prediction {
  readonly item: string;
  readonly fold: string;
  readonly truth: string;
  readonly probabilities: readonly number[];
}

export interface ClassificationResult {
  readonly card: ProtocolCard;
  readonly classes: readonly string[];
  readonly folds: readonly ClassificationFold[];
  readonly summary: Readonly<Record<ClassificationMetric, FoldSummary>>;
  /** Every test item of every fold; empty when not asked for. */
  readonly predictions: readonly Prediction[];
}

/** Summary of every score over folds. */
export function summariseScores(
  folds: readonly Pick<ClassificationFold, 'scores'>[],
): Record<ClassificationMetric, FoldSummary> {
  const entries = CLASSIFICATION_METRICS.map((metric) => [
    metric,
    summariseDefined(folds.map((fold) => fold.scores[metric])),
  ]);
  return Object.fromEntries(entries) as Record<ClassificationMetric, FoldSummary>;
}

/** All remarks on folds and on undefined scores, each with its fold. */
export function foldRemarks(folds: readonly ClassificationFold[]): string[] {
  return folds.flatMap(({ name, notes, scores }) =>
    [...notes, ...scores.notes].map((note) => `${name}: ${note}`),
  );
}
