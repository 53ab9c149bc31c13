import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { fitRidge, hestAlpha, predictRidge } from '../../src/eval/ridge.ts';
import { scope, tensor, tensorCount, toFloat64Array } from '../../src/tensor/index.ts';
import { readEvalGolden } from '../support/paths.ts';

interface RidgeCase {
  alpha: number;
  fit_intercept: boolean;
  coef_p_by_q: number[][];
  intercept: number[];
  pred: number[][];
}
const golden = readEvalGolden<{
  X_train: number[][];
  Y_train: number[][];
  X_test: number[][];
  Y_test: number[][];
  cases: RidgeCase[];
}>('ridge');

const f64 = (rows: number[][]) => tensor(Float64Array.from(rows.flat()), [rows.length, rows[0]!.length]);
const TOLERANCE = { rtolOfMax: 1e-8 };

describe('ridge', () => {
  it.each(golden.cases)('equals scikit-learn at alpha $alpha, intercept $fit_intercept', (one) => {
    scope(() => {
      const fitted = fitRidge(f64(golden.X_train), f64(golden.Y_train), {
        alpha: one.alpha,
        intercept: one.fit_intercept,
      });
      expect(fitted.weights).toBeClose(one.coef_p_by_q.flat(), TOLERANCE);
      expect(fitted.intercept).toBeClose(
        one.fit_intercept ? one.intercept : golden.Y_train[0]!.map(() => 0),
        TOLERANCE,
      );
      expect(toFloat64Array(predictRidge(f64(golden.X_test), fitted))).toBeClose(one.pred.flat(), TOLERANCE);
    });
  });

  it('gives the same weights in its dual form (fewer rows than features)', () => {
    scope(() => {
      const [x, y] = [golden.X_train.slice(0, 9), golden.Y_train.slice(0, 9)];
      const fitted = fitRidge(f64(x), f64(y), { alpha: 0.5, intercept: false });
      // Normal equations hold: X^T (X W - Y) + alpha W = 0.
      const w = (i: number, q: number) => fitted.weights[i * 6 + q]!;
      for (let i = 0; i < 16; i++) {
        for (let q = 0; q < 6; q++) {
          const residual = x.map((row, r) => row.reduce((sum, v, j) => sum + v * w(j, q), 0) - y[r]![q]!);
          const gradient = x.reduce((sum, row, r) => sum + row[i]! * residual[r]!, 0.5 * w(i, q));
          expect(Math.abs(gradient)).toBeLessThan(1e-9);
        }
      }
    });
  });

  it("knows HEST's penalty", () => {
    expect(hestAlpha(256, 50)).toBe(0.0078125);
  });

  it('refuses a negative penalty and names a singular system', () => {
    scope(() => {
      const x = tensor(Float64Array.of(1, 2, 2, 4, 3, 6), [3, 2]);
      const y = tensor(Float64Array.of(1, 2, 3), [3, 1]);
      expect(() => fitRidge(x, y, { alpha: -1, intercept: true })).toThrow(UsageError);
      expect(() => fitRidge(x, y, { alpha: -1, intercept: true })).toThrow('needed alpha >= 0, found -1');
      expect(() => fitRidge(x, y, { alpha: 0, intercept: false })).toThrow(DataError);
      expect(() => fitRidge(x, y, { alpha: 0, intercept: false })).toThrow('raise alpha');
    });
  });

  it('leaves no tensor behind', () => {
    const before = tensorCount();
    scope(() => void fitRidge(f64(golden.X_train), f64(golden.Y_train), { alpha: 1, intercept: true }));
    expect(tensorCount()).toBe(before);
  });
});
