import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { fitPca, pcaScores } from '../../src/eval/pca.ts';
import { fitStandardizer, standardize } from '../../src/eval/standardizer.ts';
import { scope, tensor, toFloat64Array } from '../../src/tensor/index.ts';
import { readEvalGolden } from '../support/paths.ts';

interface PcaCase {
  X: number[][];
  k: number;
  mean: number[];
  components: number[][];
  explained_variance: number[];
  ratio: number[];
  singular_values: number[];
  scores: number[][];
}
type Standardised = PcaCase & { scaler_mean: number[]; scaler_scale_ddof0: number[] };
const golden = readEvalGolden<{ plain: PcaCase; wide_n_lt_p: PcaCase; standardised: Standardised }>('pca');

const f64 = (rows: readonly number[][]) =>
  tensor(Float64Array.from(rows.flat()), [rows.length, rows[0]!.length]);
const TOLERANCE = { rtolOfMax: 1e-9 };

function check(one: PcaCase, x = f64(one.X)): void {
  const pca = fitPca(x, one.k);
  expect(pca.mean).toBeClose(one.mean, { atol: 1e-9 });
  // Golden signs follow the same rule: the largest entry of each left vector is positive.
  expect(pca.components).toBeClose(one.components.flat(), TOLERANCE);
  expect(pca.singularValues).toBeClose(one.singular_values, TOLERANCE);
  expect(pca.explainedVariance).toBeClose(one.explained_variance, TOLERANCE);
  expect(pca.explainedVarianceRatio).toBeClose(one.ratio, TOLERANCE);
  expect(toFloat64Array(pcaScores(x, pca))).toBeClose(one.scores.flat(), TOLERANCE);
}

describe('PCA', () => {
  it('equals scikit-learn with more rows than features', () => scope(() => check(golden.plain)));
  it('equals scikit-learn with fewer rows than features', () => scope(() => check(golden.wide_n_lt_p)));

  it('equals scikit-learn on standardised features', () => {
    scope(() => {
      const one = golden.standardised;
      // The golden table is the raw one of `plain`, or already standardised: both must lead to the same scores.
      const raw = f64(golden.plain.X);
      const scaler = fitStandardizer(raw);
      expect(scaler.mean).toBeClose(one.scaler_mean, TOLERANCE);
      expect(scaler.scale).toBeClose(one.scaler_scale_ddof0, TOLERANCE);
      const scaled = standardize(raw, scaler);
      expect(toFloat64Array(scaled)).toBeClose(one.X.flat(), TOLERANCE);
      check(one, scaled);
    });
  });

  it('leaves constant columns at scale 1', () => {
    scope(() => {
      const { scale } = fitStandardizer(tensor(Float64Array.of(3, 1, 3, 2), [2, 2]));
      expect([...scale]).toEqual([1, 0.5]);
    });
  });

  it('refuses more components than rows or features', () => {
    scope(() => {
      expect(() => fitPca(f64(golden.plain.X), 13)).toThrow(UsageError);
      expect(() => fitPca(f64(golden.plain.X), 13)).toThrow(
        'needed 1 to 12 components for 40 rows of 12 features, found 13',
      );
    });
  });
});
