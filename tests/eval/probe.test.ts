import { describe, expect, it } from 'vitest';
import { matrixFromRows } from '../../src/core/matrix.ts';
import { Rng } from '../../src/core/rng.ts';
import { DataError, UsageError } from '../../src/errors.ts';
import { crossValidate, fitProbeOnRows, predictRows } from '../../src/eval/cross-validate.ts';
import { featureMoments, mergeMoments } from '../../src/eval/feature-moments.ts';
import { resolveComponents } from '../../src/eval/probe.ts';
import { rowGroups } from '../../src/eval/row-groups.ts';
import { kFold, leaveOneGroupOut, randomSplit } from '../../src/eval/splits.ts';
import { scope, tensor, tensorCount, toFloat64Array } from '../../src/tensor/index.ts';
import { readEvalGolden } from '../support/paths.ts';

const golden = readEvalGolden<{
  X_train: number[][];
  Y_train: number[][];
  X_test: number[][];
  hest_pipeline: { k: number; alpha: number; pred: number[][]; pred_with_intercept: number[][] };
}>('ridge');
const [x, y] = [matrixFromRows(golden.X_train), matrixFromRows(golden.Y_train)];
const TOLERANCE = { rtolOfMax: 1e-8 };

/** A seeded table of n rows with correlated columns. */
function table(seed: string, n: number, d: number): number[][] {
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => {
    const common = rng.normal();
    return Array.from({ length: d }, (_, j) => 5 + j + (1 + j) * (0.7 * common + rng.normal()));
  });
}

describe('probe', () => {
  const { k, alpha, pred, pred_with_intercept } = golden.hest_pipeline;

  it.each([
    [false, pred],
    [true, pred_with_intercept],
  ])("equals HEST's standardise, PCA, ridge (intercept %s)", (intercept, expected) => {
    const probe = fitProbeOnRows(x, y, { components: k, alpha, intercept });
    const test = predictRows(matrixFromRows(golden.X_test), probe);
    expect(test.data).toBeClose(expected.flat(), TOLERANCE);
  });

  it("uses HEST's penalty by the features left after reduction", () => {
    expect(fitProbeOnRows(x, y, { components: 5, alpha: 'hest', intercept: true }).alpha).toBe(100 / (5 * 6));
    expect(fitProbeOnRows(x, y, { alpha: 'hest', intercept: true }).alpha).toBe(100 / (16 * 6));
  });

  it('with all components equals the fit without PCA', () => {
    const all = fitProbeOnRows(x, y, { components: 16, alpha: 2, intercept: true });
    const none = fitProbeOnRows(x, y, { alpha: 2, intercept: true });
    expect(all.weights).toBeClose(none.weights, TOLERANCE);
  });

  it('ignores constant features', () => {
    const widened = matrixFromRows(golden.X_train.map((row) => [0.1, ...row, 7.3]));
    const probe = fitProbeOnRows(widened, y, { alpha: 2, intercept: true });
    const plain = fitProbeOnRows(x, y, { alpha: 2, intercept: true });
    expect(probe.weights.subarray(6, 17 * 6)).toBeClose(plain.weights, TOLERANCE);
    expect(
      [...probe.weights.subarray(0, 6), ...probe.weights.subarray(17 * 6)].every((w) => Math.abs(w) < 1e-9),
    ).toBe(true);
  });

  it('refuses too many components, a negative penalty and singular systems', () => {
    expect(() => fitProbeOnRows(x, y, { components: 17, alpha: 1, intercept: true })).toThrow(UsageError);
    expect(() => fitProbeOnRows(x, y, { components: 17, alpha: 1, intercept: true })).toThrow(
      'needed 1 to 16 principal components for 60 training spots of 16 features, found 17; lower --pca',
    );
    expect(() => fitProbeOnRows(x, y, { alpha: -2, intercept: true })).toThrow('alpha >= 0');
    for (const factor of [2, 1, -0.3, 1 / 7]) {
      const twice = matrixFromRows(golden.X_train.map((row) => [...row, row[0]! * factor]));
      expect(() => fitProbeOnRows(twice, y, { alpha: 0, intercept: true })).toThrow(DataError);
    }
    const sum = matrixFromRows(golden.X_train.map((row) => [row.reduce((a, v) => a + v, 0), ...row]));
    expect(() => fitProbeOnRows(sum, y, { alpha: 0, intercept: true })).toThrow(
      'a singular system at alpha 0',
    );
    expect(fitProbeOnRows(x, y, { alpha: 0, intercept: true }).alpha).toBe(0);
  });

  it('resolves the wish for components', () => {
    expect(resolveComponents('auto', 768, 1000)).toBe(256);
    expect(resolveComponents('auto', 768, 100)).toBe(99);
    expect(resolveComponents('auto', 64, 1000)).toBe(64);
    expect(resolveComponents(undefined, 64, 1000)).toBeUndefined();
    expect(resolveComponents(7, 64, 1000)).toBe(7);
  });
});

describe('moments', () => {
  it('of parts add up to the moments of the whole', () => {
    scope(() => {
      const rows = table('moments', 50, 4);
      const f64 = (part: number[][]) => tensor(Float64Array.from(part.flat()), [part.length, 4]);
      const whole = featureMoments(f64(rows));
      const merged = mergeMoments(
        [rows.slice(0, 1), rows.slice(1, 20), rows.slice(20)].map((part) => featureMoments(f64(part))),
      );
      expect(merged.rows).toBe(50);
      expect(toFloat64Array(merged.mean)).toBeClose(toFloat64Array(whole.mean), { rtolOfMax: 1e-13 });
      expect(toFloat64Array(merged.scatter)).toBeClose(toFloat64Array(whole.scatter), { rtolOfMax: 1e-13 });
    });
  });
});

describe('row groups', () => {
  it('are the test sets of a k-fold split', () => {
    const folds = kFold(11, 3);
    const groups = rowGroups(folds, 11);
    expect(groups.map(({ rows }) => rows)).toEqual(folds.map(({ test }) => test));
    expect(groups.map(({ trainedBy }) => [...trainedBy])).toEqual([
      [1, 2],
      [0, 2],
      [0, 1],
    ]);
  });

  it('leave out rows that nobody trains on', () => {
    const fold = randomSplit(10, { testFraction: 0.3, seed: 1 });
    expect(rowGroups([fold], 10).map(({ rows }) => rows)).toEqual([[...fold.train]]);
  });
});

describe('cross-validation', () => {
  it('predicts each fold as a fit on its training rows alone does', () => {
    const before = tensorCount();
    const features = matrixFromRows(table('features', 60, 8));
    const targets = matrixFromRows(table('targets', 60, 3));
    const groups = Array.from({ length: 60 }, (_, i) => `g${i % 4}`);
    for (const folds of [
      leaveOneGroupOut(groups),
      kFold(60, 5, 3),
      [randomSplit(60, { testFraction: 0.4, seed: 2 })],
    ]) {
      const options = { components: 5, alpha: 0.5, intercept: true };
      crossValidate(
        features,
        folds,
        () => targets,
        options,
        ({ fold, measured, predicted }) => {
          const rows = (m: typeof features, list: readonly number[]) =>
            matrixFromRows(list.map((r) => m.data.subarray(r * m.cols, (r + 1) * m.cols)));
          const direct = fitProbeOnRows(rows(features, fold.train), rows(targets, fold.train), options);
          expect(predicted.data).toBeClose(predictRows(rows(features, fold.test), direct).data, {
            rtolOfMax: 1e-9,
          });
          expect([...measured.data]).toEqual([...rows(targets, fold.test).data]);
        },
      );
    }
    expect(tensorCount()).toBe(before);
  });
});
