import { describe, expect, it } from 'vitest';
import { matrixFromRows } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import {
  argmax,
  bootstrapInterval,
  chiSquareTail,
  choleskyFactor,
  choleskySubstitute,
  integrate,
  integrateToInfinity,
  inverseDiagonal,
  logGamma,
  logSumExp,
  minimize,
  nearestByProduct,
  normalTwoSided,
  requireFinite,
  topIndices,
  unitRows,
} from '../../../src/eval/numeric/index.ts';
import { tensorCount } from '../../../src/tensor/index.ts';

describe('L-BFGS', () => {
  /** Rosenbrock in n dimensions: minimum 0 at (1, ..., 1) along a curved valley. */
  const rosenbrock = (x: Float64Array) => {
    const gradient = new Float64Array(x.length);
    let value = 0;
    for (let i = 0; i + 1 < x.length; i++) {
      const [a, b] = [1 - x[i]!, x[i + 1]! - x[i]! ** 2];
      value += a * a + 100 * b * b;
      gradient[i]! += -2 * a - 400 * x[i]! * b;
      gradient[i + 1]! += 200 * b;
    }
    return { value, gradient };
  };

  it('finds the minimum of the Rosenbrock valley', () => {
    const start = Float64Array.of(-1.2, 1, -1.2, 1, 0.5, 2);
    const found = minimize(rosenbrock, start, { gradientTolerance: 1e-10 });
    expect(found.stopped).toBe('gradient');
    expect(found.gradientMax).toBeLessThanOrEqual(1e-10);
    expect(found.point).toBeClose([1, 1, 1, 1, 1, 1], { atol: 1e-9 });
    expect(found.iterations).toBeLessThan(120);
  });

  it('solves an ill-conditioned quadratic to the last digits', () => {
    const scales = Float64Array.from({ length: 12 }, (_, i) => 10 ** (i / 2));
    const centre = scales.map((_, i) => i - 5);
    const quadratic = (x: Float64Array) => ({
      value: x.reduce((sum, v, i) => sum + (scales[i]! * (v - centre[i]!) ** 2) / 2, 0),
      gradient: x.map((v, i) => scales[i]! * (v - centre[i]!)),
    });
    expect(minimize(quadratic, new Float64Array(12)).point).toBeClose(centre, { atol: 1e-8 });
  });

  it('says when the iterations ended it, and when float64 did', () => {
    const start = Float64Array.of(-1.2, 1);
    expect(minimize(rosenbrock, start, { maxIterations: 3 })).toMatchObject({
      stopped: 'iterations',
      iterations: 3,
    });
    const steep = (x: Float64Array) => ({ value: 1e10 + x[0]! ** 2, gradient: Float64Array.of(2 * x[0]!) });
    expect(minimize(steep, Float64Array.of(3), { gradientTolerance: 0 }).stopped).not.toBe('iterations');
  });

  it('refuses a start where the function is not finite', () => {
    const log = (x: Float64Array) => ({ value: Math.log(x[0]!), gradient: Float64Array.of(1 / x[0]!) });
    expect(() => minimize(log, Float64Array.of(-1))).toThrow(UsageError);
  });
});

describe('distributions', () => {
  // Reference values of scipy.stats.chi2.sf, norm.sf and scipy.special.gammaln.
  it.each([
    [3.841458820694124, 1, 0.05],
    [12.192705447235136, 1, 0.00047976752001252943],
    [29.420608576309775, 3, 1.826986339824513e-6],
    [0.1, 1, 0.7518296340458492],
    [10, 10, 0.44049328506521257],
    [80, 4, 1.7418252446695558e-16],
  ])('chi-square tail of %f with %i degrees of freedom', (x, df, p) => {
    expect(Math.abs(chiSquareTail(x, df) / p - 1)).toBeLessThan(1e-12);
  });

  it('normal tails and log-gamma', () => {
    expect(normalTwoSided(1.959963984540054)).toBeCloseTo(0.05, 14);
    expect(normalTwoSided(-4.037125681359223) / 5.4110083939074016e-5).toBeCloseTo(1, 10);
    expect(chiSquareTail(0, 3)).toBe(1);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 14);
    expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 13);
  });
});

describe('integration', () => {
  it('of smooth, kinked and unbounded ranges', () => {
    expect(integrate(Math.sin, 0, Math.PI)).toBeCloseTo(2, 14);
    expect(integrate((x) => Math.abs(x - 0.3), 0, 1)).toBeCloseTo((0.09 + 0.49) / 2, 12);
    expect(integrateToInfinity((x) => 1 / (1 + x * x), 0)).toBeCloseTo(Math.PI / 2, 12);
  });
});

describe('symmetric systems', () => {
  it('are factored, solved and inverted', () => {
    const a = Float64Array.of(4, 2, 0, 2, 5, 3, 0, 3, 6);
    const factor = choleskyFactor(a, 3)!;
    expect(choleskySubstitute(factor, Float64Array.of(8, 21, 24))).toBeClose([1, 2, 3], { atol: 1e-12 });
    // Inverse of a: adjugate over the determinant 60.
    expect(inverseDiagonal(factor, 3)).toBeClose([21 / 60, 24 / 60, 16 / 60], { atol: 1e-12 });
    expect(choleskyFactor(Float64Array.of(1, 2, 2, 4), 2)).toBeUndefined();
  });
});

describe('rows', () => {
  it('unit rows keep zero rows and subtract a centre', () => {
    const unit = unitRows(
      matrixFromRows([
        [3, 4],
        [0, 0],
        [1, 1],
      ]),
    );
    expect(unit.data).toBeClose([0.6, 0.8, 0, 0, Math.SQRT1_2, Math.SQRT1_2], { atol: 1e-15 });
    expect(unitRows(matrixFromRows([[2, 1]]), Float64Array.of(2, 3)).data).toBeClose([0, -1], { atol: 0 });
  });

  it('argmax takes the first of equals; log-sum-exp does not overflow', () => {
    expect(argmax([1, 3, 3])).toBe(1);
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.log(2), 12);
    expect(logSumExp([])).toBe(Number.NEGATIVE_INFINITY);
  });

  it('values that are not finite are named', () => {
    expect(() =>
      requireFinite(
        'kNN',
        'features',
        matrixFromRows([
          [1, 2],
          [3, Number.NaN],
        ]),
      ),
    ).toThrow(/found NaN in row 1, column 1/);
    expect(() => requireFinite('kNN', 'features', matrixFromRows([[Number.NaN]]))).toThrow(DataError);
  });
});

describe('nearest rows', () => {
  it('equal a full sort, ties by position', () => {
    const rng = new Rng(4);
    const scores = Array.from({ length: 500 }, () => rng.integer(0, 40));
    const sorted = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
    for (const k of [1, 7, 500]) expect(topIndices(scores, k)).toEqual(sorted.slice(0, k));
  });

  it('cover more queries than one product holds, and galleries smaller than k', () => {
    const before = tensorCount();
    const gallery = matrixFromRows([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    const queries = matrixFromRows(Array.from({ length: 600 }, (_, i) => (i % 2 === 0 ? [2, 1] : [1, 2])));
    const found = nearestByProduct(queries, gallery, 5);
    expect(found.k).toBe(3);
    expect([...found.indices.subarray(0, 6)]).toEqual([0, 2, 1, 1, 0, 2]);
    expect([...found.indices.subarray(1797)]).toEqual([1, 0, 2]);
    expect([...found.scores.subarray(0, 3)]).toEqual([2, 2, 1]);
    expect(tensorCount()).toBe(before);
  });

  it('refuse tables of other width and k below 1', () => {
    expect(() => nearestByProduct(matrixFromRows([[1]]), matrixFromRows([[1, 2]]), 1)).toThrow(ShapeError);
    expect(() => nearestByProduct(matrixFromRows([[1]]), matrixFromRows([[1]]), 0)).toThrow(UsageError);
  });
});

describe('bootstrap', () => {
  const rng = new Rng('sample');
  const sample = Array.from({ length: 200 }, () => rng.normal(3, 2));
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

  it('interval of a mean has the width of the normal approximation', () => {
    const interval = bootstrapInterval(200, (at) => mean(at.map((i) => sample[i]!)), {
      seed: 1,
      resamples: 4000,
    });
    const centre = mean(sample);
    const se = Math.sqrt(mean(sample.map((v) => (v - centre) ** 2)) / 200);
    expect(interval.estimate).toBeCloseTo(centre, 12);
    expect((interval.high! - interval.low!) / (2 * 1.96 * se)).toBeGreaterThan(0.93);
    expect((interval.high! - interval.low!) / (2 * 1.96 * se)).toBeLessThan(1.07);
  });

  it('is repeatable, and wider when items come in groups', () => {
    const groups = sample.map((_, i) => `patient ${Math.floor(i / 20)}`);
    const shifted = sample.map((v, i) => v + 3 * (Math.floor(i / 20) % 2));
    const statistic = (at: readonly number[]) => mean(at.map((i) => shifted[i]!));
    const single = bootstrapInterval(200, statistic, { seed: 5 });
    expect(bootstrapInterval(200, statistic, { seed: 5 })).toEqual(single);
    const grouped = bootstrapInterval(200, statistic, { seed: 5, groups });
    expect(grouped.high! - grouped.low!).toBeGreaterThan(1.5 * (single.high! - single.low!));
  });

  it('leaves out resamples without a value and says how many', () => {
    const onlyFirst = bootstrapInterval(4, (at) => (at.includes(0) ? 1 : Number.NaN), { seed: 2 });
    expect(onlyFirst).toMatchObject({ estimate: 1, low: 1, high: 1, resamples: 1000 });
    // A resample of 4 misses the first item with probability 0.75^4 = 0.316.
    expect(Math.abs(onlyFirst.undefinedResamples / 1000 - 0.316)).toBeLessThan(0.05);
    const never = bootstrapInterval(2, () => Number.NaN, { seed: 2 });
    expect(never).toMatchObject({ estimate: null, low: null, high: null, undefinedResamples: 1000 });
  });

  it('refuses unusable options', () => {
    expect(() => bootstrapInterval(2, () => 0, { seed: 1, resamples: 0 })).toThrow(UsageError);
    expect(() => bootstrapInterval(2, () => 0, { seed: 1, groups: ['a'] })).toThrow(UsageError);
  });
});
