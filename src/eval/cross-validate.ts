/** Fits the probe once per fold and predicts the held-out rows. */
import { type Matrix, matrix, selectRows } from '../core/matrix.ts';
import { ShapeError } from '../errors.ts';
import { scope, type Tensor, tensor, toFloat64Array } from '../tensor/index.ts';
import { crossMoments, type FeatureMoments, featureMoments, mergeMoments } from './feature-moments.ts';
import { fitProbe, type Probe, type ProbeOptions } from './probe.ts';
import { predictRidge } from './ridge.ts';
import { type RowGroup, rowGroups } from './row-groups.ts';
import type { Fold } from './splits.ts';

/** One fold's outcome; rows in the order of the fold's test list. */
export interface FoldPrediction {
  readonly fold: Fold;
  readonly probe: Probe;
  readonly measured: Matrix<Float64Array>;
  readonly predicted: Matrix<Float64Array>;
}

/** Rows [n, d] as a float64 tensor. */
export function rowsTensor(m: Matrix, rows?: readonly number[]): Tensor {
  const chosen = rows === undefined ? m : selectRows(m, rows);
  return tensor(Float64Array.from(chosen.data), [chosen.rows, chosen.cols]);
}

interface FeatureGroup extends RowGroup {
  readonly x: Tensor;
  readonly moments: FeatureMoments;
}

/** Fits the probe on some rows. */
function fitOn(groups: readonly FeatureGroup[], targets: Matrix, options: ProbeOptions): Probe {
  return scope(() => {
    const moments = mergeMoments(groups.map((group) => group.moments));
    const parts = groups.map(({ x, rows }) => ({ x, y: rowsTensor(targets, rows) }));
    return fitProbe(moments, crossMoments(moments, parts), options);
  });
}

/** Fits the probe on all rows of `features` [n, d] and `targets` [n, q]. */
export function fitProbeOnRows(features: Matrix, targets: Matrix, options: ProbeOptions): Probe {
  return scope(() => {
    const x = rowsTensor(features);
    const moments = featureMoments(x);
    return fitProbe(moments, crossMoments(moments, [{ x, y: rowsTensor(targets) }]), options);
  });
}

/** Predictions [rows, genes] of a probe. */
export function predictRows(features: Matrix, probe: Probe, rows?: readonly number[]): Matrix<Float64Array> {
  return scope(() => {
    const y = predictRidge(rowsTensor(features, rows), probe);
    return matrix(y.size(0), y.size(1), toFloat64Array(y));
  });
}

/**
 * Runs every fold. The scatter of the features is computed once per group of rows and added up per fold; only the
 * products with the targets, which may differ from fold to fold, are made anew.
 *
 * @param features [n, d].
 * @param targets  the fold's targets [n, q] for ALL rows, chosen from its training rows alone.
 * @param onFold   called with each fold as it is done.
 * @throws ShapeError when targets and features differ in rows.
 */
export function crossValidate(
  features: Matrix,
  folds: readonly Fold[],
  targets: (fold: number) => Matrix,
  options: ProbeOptions,
  onFold: (result: FoldPrediction, index: number) => void,
): void {
  scope(() => {
    const groups: FeatureGroup[] = rowGroups(folds, features.rows).map((group) => {
      const x = rowsTensor(features, group.rows);
      return { ...group, x, moments: featureMoments(x) };
    });
    for (const [f, fold] of folds.entries()) {
      const y = targets(f);
      if (y.rows !== features.rows) {
        throw new ShapeError('cross-validation', {
          need: `targets of all ${features.rows} rows`,
          found: `${y.rows} rows`,
        });
      }
      const training = groups.filter(({ trainedBy }) => trainedBy.has(f));
      const probe = fitOn(training, y, options);
      const predicted = predictRows(features, probe, fold.test);
      const measured = selectRows(y, fold.test);
      onFold(
        { fold, probe, predicted, measured: { ...measured, data: Float64Array.from(measured.data) } },
        f,
      );
    }
  });
}
