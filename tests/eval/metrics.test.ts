import { describe, expect, it } from 'vitest';
import { matrix, matrixFromRows } from '../../src/core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../src/errors.ts';
import {
  dropPercent,
  fixedTopGenes,
  quartiles,
  summarise,
  summariseFolds,
} from '../../src/eval/aggregate.ts';
import {
  averageRanks,
  meanDefined,
  pearson,
  rSquared,
  scoreFold,
  scoreGenes,
  spearman,
  topMean,
} from '../../src/eval/metrics.ts';
import { readEvalGolden } from '../support/paths.ts';

type Nullable = (number | null)[];
interface GoldenFold {
  y: number[][];
  pred: number[][];
  pcc: Nullable;
  n_nan: number;
  pcc_mean_skipnan: number;
  pcc_mean_nan_as_zero: number;
  pcc_hest_mean: number | null;
  pcc10: number;
  mse: number;
  mae: number;
  mse_per_gene: Nullable;
  mae_per_gene: Nullable;
  r2_per_gene: Nullable;
}
interface GoldenSummary {
  mean: number;
  std_population: number;
  std_sample: number;
}
interface Golden {
  folds: GoldenFold[];
  aggregate: Record<'pcc_mean_skipnan' | 'pcc_mean_nan_as_zero' | 'pcc10' | 'mse' | 'mae', GoldenSummary> & {
    pcc10_alt_fixed_genes: { genes: number[]; per_fold: number[]; mean_of_gene_means: number };
  };
}

const golden = readEvalGolden<Golden>('metrics');
const atol = 1e-12;
const numbers = (values: Nullable) => values.map((value) => value ?? Number.NaN);
/** Equal where defined, undefined in the same places. */
function expectNullable(actual: ArrayLike<number>, want: Nullable): void {
  const defined = (values: ArrayLike<number>) => Array.from(values).map((v) => (Number.isNaN(v) ? 0 : v));
  expect(Array.from(actual).map(Number.isNaN)).toEqual(want.map((v) => v === null));
  expect(defined(actual)).toBeClose(defined(numbers(want)), { atol });
}

const pairs = golden.folds.map((fold) => [matrixFromRows(fold.y), matrixFromRows(fold.pred)] as const);
const genes = pairs.map(([y, p]) => scoreGenes(y, p));

describe('scores against scipy', () => {
  it.each([0, 1, 2])('fold %i, gene by gene', (i) => {
    const fold = golden.folds[i]!;
    expectNullable(genes[i]!.pcc, fold.pcc);
    expectNullable(genes[i]!.mse, fold.mse_per_gene);
    expectNullable(genes[i]!.mae, fold.mae_per_gene);
    expectNullable(genes[i]!.r2, fold.r2_per_gene);
  });

  it.each([0, 1, 2])('fold %i, averages under each policy', (i) => {
    const fold = golden.folds[i]!;
    const skip = scoreFold(...pairs[i]!);
    expect([skip.pcc, skip.pccTop, skip.mse, skip.mae]).toBeClose(
      [fold.pcc_mean_skipnan, fold.pcc10, fold.mse, fold.mae],
      { atol },
    );
    expect([skip.undefinedGenes, skip.genes, skip.spots]).toEqual([fold.n_nan, 14, fold.y.length]);
    const zero = scoreFold(...pairs[i]!, { undefinedAs: 'zero' });
    const hest = scoreFold(...pairs[i]!, { undefinedAs: 'propagate' });
    expectNullable([zero.pcc, hest.pcc], [fold.pcc_mean_nan_as_zero, fold.pcc_hest_mean]);
    expect(Number.isNaN(hest.pccTop)).toBe(fold.n_nan > 0);
  });

  it('summarises folds with population and sample deviation', () => {
    const got = summariseFolds(pairs.map((pair) => scoreFold(...pair)));
    for (const [metric, key] of [
      ['pcc', 'pcc_mean_skipnan'],
      ['pccTop', 'pcc10'],
      ['mse', 'mse'],
      ['mae', 'mae'],
    ] as const) {
      const { mean, std, sampleStd } = got[metric];
      const want = golden.aggregate[key];
      expect([mean, std, sampleStd]).toBeClose([want.mean, want.std_population, want.std_sample], { atol });
    }
    expect([got.pcc.count, got.pcc.undefinedCount]).toEqual([3, 0]);
  });

  it('finds the same ten genes for the other reading of PCC-10', () => {
    const want = golden.aggregate.pcc10_alt_fixed_genes;
    const got = fixedTopGenes(genes.map((fold) => fold.pcc));
    expect(got.genes).toEqual(want.genes);
    expect(got.perFold).toBeClose(want.per_fold, { atol });
    expect(got.mean).toBeCloseTo(want.mean_of_gene_means, 12);
  });
});

describe('by hand', () => {
  it('correlates ranks, ties sharing their mean rank', () => {
    expect([...averageRanks([10, 30, 20, 30, 5])]).toEqual([2, 4.5, 3, 4.5, 1]);
    expect(spearman([1, 2, 3, 4], [1, 8, 27, 64])).toBeCloseTo(1, 14);
    expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 14);
    // d = (1, -1, 0): 1 - 6 * 2 / (3 * 8) = 0.5
    expect(spearman([1, 2, 3], [2, 1, 3])).toBeCloseTo(0.5, 15);
  });

  it('calls a constant undefined, even one whose mean rounds', () => {
    const constant = new Array<number>(18).fill(0.7);
    const varied = constant.map((_, i) => i);
    expect(pearson(varied, constant)).toBeNaN();
    expect(spearman(constant, varied)).toBeNaN();
    expect(rSquared(constant, varied)).toBeNaN();
    expect(rSquared([1, 2, 3], [2, 2, 2])).toBe(0);
    expect(rSquared([1, 2, 3], [1, 2, 3])).toBe(1);
  });

  it('takes the best k, or nothing when there are fewer', () => {
    const values = [0.5, Number.NaN, 0.1, -0.3];
    expect(topMean(values, 2)).toBeCloseTo(0.3, 15);
    expect(topMean(values, 4)).toBeNaN();
    expect(topMean(values, 3, 'zero')).toBeCloseTo(0.2, 15);
    expect(topMean(values, 1, 'propagate')).toBeNaN();
    expect(meanDefined([Number.NaN])).toBeNaN();
    expect(() => topMean(values, 0)).toThrow(UsageError);
    expect(() => fixedTopGenes([[0.1, Number.NaN]], 2)).toThrow('top genes: needed 1 to 1 genes');
  });

  it('summarises undefined folds under each policy', () => {
    const values = [1, Number.NaN, 3];
    expect(summarise(values)).toEqual({
      mean: 2,
      std: 1,
      sampleStd: Math.SQRT2,
      count: 2,
      undefinedCount: 1,
    });
    expect(summarise(values, 'zero').mean).toBeCloseTo(4 / 3, 15);
    expect(summarise(values, 'propagate').mean).toBeNaN();
    expect(summarise([5])).toEqual({ mean: 5, std: 0, sampleStd: Number.NaN, count: 1, undefinedCount: 0 });
    expect(summarise([Number.NaN]).mean).toBeNaN();
    expect(() => summariseFolds([])).toThrow(UsageError);
  });

  it('interpolates quartiles and leaves NaN out', () => {
    expect(quartiles([4, 1, Number.NaN, 3, 2])).toEqual({ q1: 1.75, median: 2.5, q3: 3.25 });
    expect(quartiles([]).median).toBeNaN();
  });

  it('gives the drops printed in the paper', () => {
    expect(dropPercent(0.214, 0.138, 'score').toFixed(1)).toBe('35.5');
    expect(dropPercent(0.594, 0.881, 'error').toFixed(1)).toBe('48.3');
  });
});

describe('refusals', () => {
  it('names both shapes, and the place of a NaN', () => {
    const a = matrix(2, 2, Float64Array.of(1, 2, 3, 4));
    expect(() => scoreGenes(a, matrix(1, 4, a.data))).toThrow(
      'gene scores: needed predictions of shape 2 x 2 (spots x genes), not empty, found 1 x 4',
    );
    const broken = matrix(2, 2, Float64Array.of(1, 2, 3, Number.NaN));
    expect(() => scoreGenes(a, broken)).toThrow(DataError);
    expect(() => scoreGenes(a, broken)).toThrow('found NaN at spot 1, gene 1');
    expect(() => pearson([1], [1, 2])).toThrow(ShapeError);
    expect(() => pearson([], [])).toThrow(ShapeError);
  });
});
