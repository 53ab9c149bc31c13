import { type Matrix, selectRows } from '../../core/matrix.ts';
import { ShapeError } from '../../errors.ts';
import type { Fold } from '../splits.ts';
import {
  type BootstrapSettings,
  type CohortTimes,
  checkCohort,
  runFold,
  summariseRisks,
} from './cross-validate.ts';
import type { SurvivalResult } from './result.ts';
import type { RiskModelOptions } from './risk-model.ts';
import { survivalCard } from './survival-card.ts';

export interface VectorCohort extends CohortTimes {
  /** [patients, D], e.g. slide embeddings of a pretrained slide encoder. */
  readonly vectors: Matrix;
}

export interface EvaluateSurvivalOptions {
  readonly model: RiskModelOptions;
  readonly bootstrap: BootstrapSettings;
}

/**
 * Cross-validated survival prediction from given slide vectors: scaling, components and Cox regression are fitted
 * on each fold's training patients alone. The vectors must not depend on the folds' test patients; where
 * prototypes are learned, use `evaluateSlideSurvival`.
 *
 * @throws UsageError for folds that share patients; DataError for unusable vectors, times or a fold without
 *   training events.
 */
export function evaluateSurvival(
  cohort: VectorCohort,
  folds: readonly Fold[],
  { model, bootstrap }: EvaluateSurvivalOptions,
): SurvivalResult {
  checkCohort(cohort, folds);
  const { vectors, patients } = cohort;
  if (vectors.rows !== patients.length) {
    throw new ShapeError('survival evaluation', {
      need: `${patients.length} slide vectors, one per patient`,
      found: `${vectors.rows}`,
    });
  }
  const done = folds.map((fold) =>
    runFold(
      cohort,
      fold,
      { train: selectRows(vectors, fold.train), test: selectRows(vectors, fold.test) },
      model,
    ),
  );
  const result = summariseRisks(
    done.map((one) => one.fold),
    done.flatMap((one) => one.risks),
    bootstrap,
  );
  const card = survivalCard(cohort, folds, result, {
    task: 'survival from slide vectors',
    vectorSteps: [`given slide vectors of ${vectors.cols} numbers, one per patient`],
    settings: {},
    seeds: {},
    model,
    bootstrap,
  });
  return { card, ...result };
}
