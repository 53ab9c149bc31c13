/** Fits the probe once per fold and predicts the held-out rows. */
import { type Matrix, matrix, selectRows } from '../core/matrix.ts';
import { ShapeError } from '../errors.ts';
import { scope, type Tensor, tensor, toFloat64Array } from '../tensor/index.ts';
import { type AlphaSearch, searchAlpha } from './alpha-search.ts';
import { crossMoments, type FeatureMoments, featureMoments, mergeMoments } from './feature-moments.ts';
import { jointMoments } from './joint-moments.ts';
import { fitProbe, type Probe, type ProbeWish } from './probe.ts';
import { predictRidge } from './ridge.ts';
import { type RowGroup, rowGroups } from './row-groups.ts';
import type { Fold } from './splits.ts';

/** One fold's outcome; rows in the order of the fold's test list. */
export interface FoldPrediction {
  readonly fold: Fold;
  readonly probe: Probe;
  /** How the penalty was found; undefined when it was given. */
  readonly alphaSearch: AlphaSearch | undefined;
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

interface Fitted {
  readonly probe: Probe;
  readonly alphaSearch: AlphaSearch | undefined;
}

/** Options of {@link crossValidate}. */
export interface CrossValidateOptions extends ProbeWish {
  readonly components?: number | undefined;
  /**
   * For `alpha: 'cv'` where a fold's training rows all belong together (two folds): labels per row, coarse ones
   * first, e.g. patients, then sections; the first that divides every training side is used.
   */
  readonly labels?: readonly (readonly string[])[];
}

/** Fits the probe on some rows. */
function fitOn(groups: readonly FeatureGroup[], targets: Matrix, options: CrossValidateOptions): Fitted {
  const { alpha, intercept, components } = options;
  return scope(() => {
    const moments = mergeMoments(groups.map((group) => group.moments));
    const parts = groups.map(({ x, rows, moments: own }) => ({ x, y: rowsTensor(targets, rows), own }));
    const cross = crossMoments(moments, parts);
    if (alpha !== 'cv') {
      return { probe: fitProbe(moments, cross, { alpha, intercept, components }), alphaSearch: undefined };
    }
    const joint = parts.map(({ x, y, own }) => jointMoments(own, x, y));
    const alphaSearch = searchAlpha(joint, components);
    return {
      probe: fitProbe(moments, cross, { alpha: alphaSearch.alpha, intercept, components }),
      alphaSearch,
    };
  });
}

/** Groups that `searchAlpha` can leave out in turn: at least two on every training side, where labels allow it. */
function trainingGroups(
  folds: readonly Fold[],
  count: number,
  { alpha, labels = [] }: CrossValidateOptions,
): RowGroup[] {
  const plain = rowGroups(folds, count);
  const divided = (groups: readonly RowGroup[]) =>
    folds.every((_, f) => groups.filter(({ trainedBy }) => trainedBy.has(f)).length >= 2);
  if (alpha !== 'cv' || divided(plain)) return plain;
  for (const own of labels) {
    const finer = rowGroups(folds, count, own);
    if (divided(finer)) return finer;
  }
  return plain;
}

function withMoments(features: Matrix, groups: readonly RowGroup[]): FeatureGroup[] {
  return groups.map((group) => {
    const x = rowsTensor(features, group.rows);
    return { ...group, x, moments: featureMoments(x) };
  });
}

/** Fits the probe on all rows of `features` [n, d] and `targets` [n, q]; `labels` as in {@link crossValidate}. */
export function fitProbeOnRows(features: Matrix, targets: Matrix, options: CrossValidateOptions): Probe {
  const everything = {
    name: 'all',
    train: Array.from({ length: features.rows }, (_, i) => i),
    test: [],
  };
  return scope(() => {
    const groups = trainingGroups([everything], features.rows, options);
    return fitOn(withMoments(features, groups), targets, options).probe;
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
  options: CrossValidateOptions,
  onFold: (result: FoldPrediction, index: number) => void,
): void {
  scope(() => {
    const groups = withMoments(features, trainingGroups(folds, features.rows, options));
    for (const [f, fold] of folds.entries()) {
      const y = targets(f);
      if (y.rows !== features.rows) {
        throw new ShapeError('cross-validation', {
          need: `targets of all ${features.rows} rows`,
          found: `${y.rows} rows`,
        });
      }
      const training = groups.filter(({ trainedBy }) => trainedBy.has(f));
      const { probe, alphaSearch } = fitOn(training, y, options);
      const predicted = predictRows(features, probe, fold.test);
      const measured = selectRows(y, fold.test);
      const truth = { ...measured, data: Float64Array.from(measured.data) };
      onFold({ fold, probe, alphaSearch, predicted, measured: truth }, f);
    }
  });
}
