/** The penalty of a logistic regression, chosen on validation data. */
import type { Matrix } from '../../core/matrix.ts';
import { vstack } from '../../core/matrix.ts';
import { UsageError } from '../../errors.ts';
import { argmaxRows } from '../numeric/index.ts';
import { accuracy, balancedAccuracy, confusionMatrix } from './confusion.ts';
import {
  fitLogistic,
  type LogisticModel,
  type LogisticOptions,
  logisticProbabilities,
} from './logistic-regression.ts';

/** DINOv2's 45 values: 10^-6 to 10^5, evenly spaced in the exponent. */
export const DINOV2_C_GRID: readonly number[] = Array.from(
  { length: 45 },
  (_, i) => 10 ** (-6 + (11 * i) / 44),
);

/** Features with their class indices. */
export interface LabelledRows {
  readonly features: Matrix;
  readonly codes: Int32Array;
}

export interface ChooseCOptions extends Omit<LogisticOptions, 'c' | 'start'> {
  /** Ascending; default {@link DINOV2_C_GRID}. */
  readonly grid?: readonly number[];
  /** Score to maximise on validation; default `accuracy`, as DINOv2. */
  readonly metric?: 'accuracy' | 'balancedAccuracy';
  /** Fit the final model on training and validation rows together; default false. */
  readonly refit?: boolean;
}

/** One value of the grid. */
export interface GridPoint {
  readonly c: number;
  readonly score: number;
  readonly stopped: LogisticModel['stopped'];
}

export interface ChosenC {
  readonly c: number;
  readonly model: LogisticModel;
  readonly grid: readonly GridPoint[];
}

/**
 * Fits one model per C on `train` and keeps the best on `validation`; of equal scores the smallest C, that is
 * the strongest penalty. Each fit starts from the one before, which saves time and changes nothing else.
 *
 * @throws UsageError for an empty grid or no validation rows.
 * @source DINOv2's evaluation, arXiv:2304.07193 (grid, tolerance 1e-12 and at most 1000 iterations).
 */
export function chooseC(
  train: LabelledRows,
  validation: LabelledRows,
  classCount: number,
  {
    grid = DINOV2_C_GRID,
    metric = 'accuracy',
    refit = false,
    tolerance = 1e-12,
    ...rest
  }: ChooseCOptions = {},
): ChosenC {
  if (grid.length === 0 || validation.features.rows === 0) {
    throw new UsageError('choice of C', {
      need: 'at least one value of C and one validation row',
      found: `${grid.length} values and ${validation.features.rows} rows`,
    });
  }
  const scoreOf = metric === 'accuracy' ? accuracy : balancedAccuracy;
  const points: GridPoint[] = [];
  let best: LogisticModel | undefined;
  let previous: LogisticModel | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const c of grid) {
    const start = previous === undefined ? {} : { start: previous };
    previous = fitLogistic(train.features, train.codes, classCount, { ...rest, tolerance, c, ...start });
    const called = argmaxRows(logisticProbabilities(previous, validation.features));
    const score = scoreOf(confusionMatrix(validation.codes, called, classCount));
    points.push({ c, score, stopped: previous.stopped });
    if (score > bestScore) [best, bestScore] = [previous, score];
  }
  const { c } = best!;
  if (!refit) return { c, model: best!, grid: points };
  const features = vstack([train.features, validation.features]);
  const codes = Int32Array.from([...train.codes, ...validation.codes]);
  return { c, model: fitLogistic(features, codes, classCount, { ...rest, tolerance, c }), grid: points };
}
