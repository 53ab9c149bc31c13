import { describe, expect, it } from 'vitest';
import { type Matrix, matrix, matrixFromRows, matrixRow } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import {
  fitMixture,
  joinSlides,
  kMeans,
  type Mixture,
  mixtureLabels,
  mixtureResponsibilities,
  pantherMixture,
  plainSlideMixture,
  slideVector,
} from '../../../src/eval/survival/index.ts';
import { tensorCount } from '../../../src/tensor/index.ts';
import { readEvalGolden } from '../../support/paths.ts';

interface GoldenPanther {
  pi: number[];
  mu: number[][];
  sigma: number[][];
  allcat: number[];
  weight_avg_all: number[];
}
interface Golden {
  X: number[][];
  init: { means: number[][]; vars: number[][]; weights: number[] };
  iterations: number;
  reg_covar: number;
  trace: { mean_loglik: number; resp_before_m: number[][] }[];
  final: {
    means: number[][];
    vars: number[][];
    weights: number[];
    resp: number[][];
    mean_loglik: number;
    bic: number;
    aic: number;
    predict: number[];
  };
  panther: Record<string, GoldenPanther>;
}
const golden = readEvalGolden<Golden>('gmm');
const x = matrixFromRows(golden.X);
const start: Mixture = {
  weights: Float64Array.from(golden.init.weights),
  means: matrixFromRows(golden.init.means),
  variances: matrixFromRows(golden.init.vars),
};
const rounds = { tolerance: 0, regCovar: golden.reg_covar };
const atol = 1e-9;

describe('diagonal mixture against scikit-learn', () => {
  it.each([1, 2, 3, 4, 5])('round %i', (count) => {
    const before = tensorCount();
    const { trace, mixture } = fitMixture(x, start, { ...rounds, maxIterations: count });
    expect(tensorCount()).toBe(before);
    expect(trace.map((round) => round.meanLogLikelihood)).toBeClose(
      golden.trace.slice(0, count).map((round) => round.mean_loglik),
      { atol },
    );
    const next = golden.trace[count]?.resp_before_m ?? golden.final.resp;
    expect(mixtureResponsibilities(x, mixture).data).toBeClose(next.flat(), { atol });
  });

  it('result, criteria and labels', () => {
    const found = fitMixture(x, start, { ...rounds, maxIterations: golden.iterations });
    const { final } = golden;
    expect(found.mixture.means.data).toBeClose(final.means.flat(), { atol });
    expect(found.mixture.variances.data).toBeClose(final.vars.flat(), { atol });
    expect(found.mixture.weights).toBeClose(final.weights, { atol });
    expect([found.meanLogLikelihood, found.bic, found.aic]).toBeClose(
      [final.mean_loglik, final.bic, final.aic],
      { atol },
    );
    expect([...mixtureLabels(x, found.mixture)]).toEqual(final.predict);
    expect(found.converged).toBe(false);
  });

  it('the likelihood never falls, and the fit ends by its tolerance', () => {
    const { trace, converged } = fitMixture(x, start, { tolerance: 1e-6, maxIterations: 500 });
    const steps = trace.slice(1).map((round, i) => round.meanLogLikelihood - trace[i]!.meanLogLikelihood);
    expect(Math.min(...steps)).toBeGreaterThan(-1e-9);
    expect(converged).toBe(true);
  });

  it('is exact far from the origin', () => {
    const far = (m: Matrix, by: number) =>
      matrix(
        m.rows,
        m.cols,
        Float64Array.from(m.data, (v) => v + by),
      );
    const moved = { ...start, means: far(start.means, 1e6) };
    const found = fitMixture(far(x, 1e6), moved, { ...rounds, maxIterations: 5 });
    // The shifted values themselves carry 1e-10.
    expect(found.mixture.variances.data).toBeClose(golden.final.vars.flat(), { atol: 1e-7 });
  });

  it('survives a component without rows', () => {
    const lost = {
      ...start,
      means: matrixFromRows([
        [0, 0, 0, 0],
        [1, 1, 1, 1],
        [500, 500, 500, 500],
      ]),
    };
    const { mixture } = fitMixture(x, lost, { ...rounds, maxIterations: 3 });
    expect(mixture.means.data.every(Number.isFinite)).toBe(true);
    expect(mixture.weights[2]).toBeLessThan(1e-10);
  });

  it('refuses unusable input', () => {
    expect(() => fitMixture(x, start, { maxIterations: 0 })).toThrow(UsageError);
    expect(() => fitMixture(matrixFromRows([[1]]), start)).toThrow(ShapeError);
    const flat = { ...start, variances: matrix(3, 4, new Float64Array(12)) };
    expect(() => fitMixture(x, flat)).toThrow(DataError);
    expect(() => fitMixture(matrix(0, 4, new Float64Array(0)), start)).toThrow(DataError);
    expect(() => mixtureLabels(matrixFromRows([[1, 2, 3, Number.NaN]]), start)).toThrow(DataError);
  });
});

describe('PANTHER', () => {
  const settings = Object.entries(golden.panther).map(([name, want]) => {
    const [, tau, eps, iterations] = /^tau([\d.]+)_eps([\d.]+)_it(\d+)$/.exec(name)!;
    return { name, want, options: { tau: Number(tau), eps: Number(eps), iterations: Number(iterations) } };
  });

  it.each(settings)('$name', ({ want, options }) => {
    const before = tensorCount();
    const found = pantherMixture(x, start.means, options);
    expect(tensorCount()).toBe(before);
    expect(found.weights).toBeClose(want.pi, { atol });
    expect(found.means.data).toBeClose(want.mu.flat(), { atol });
    expect(found.variances.data).toBeClose(want.sigma.flat(), { atol });
    expect(slideVector(found, 'allcat')).toBeClose(want.allcat, { atol });
    expect(slideVector(found, 'weight_avg_all')).toBeClose(want.weight_avg_all, { atol });
    expect(slideVector(found, 'proportions')).toBeClose(want.pi, { atol });
  });

  it('starts at the prior: hardly any patch leaves the prototypes where they are', () => {
    const found = pantherMixture(x, start.means, { tau: 1e9 });
    expect(found.means.data).toBeClose(start.means.data, { atol: 1e-6 });
    expect(found.weights).toBeClose([1 / 3, 1 / 3, 1 / 3], { atol: 1e-6 });
  });

  it('refuses unusable input', () => {
    expect(() => pantherMixture(x, start.means, { tau: 0 })).toThrow(UsageError);
    expect(() => pantherMixture(matrixFromRows([[1]]), start.means)).toThrow(ShapeError);
    expect(() => pantherMixture(matrixFromRows([[1, 2, 3, Number.NaN]]), start.means)).toThrow(DataError);
  });
});

describe('plain slide mixture', () => {
  const { mixture } = fitMixture(x, start, { ...rounds, maxIterations: 5 });

  it('is one round of EM without prior', () => {
    const slide = plainSlideMixture(x, mixture);
    const next = fitMixture(x, mixture, { tolerance: 0, regCovar: 0, maxIterations: 1 }).mixture;
    expect(slide.weights).toBeClose(next.weights, { atol: 1e-12 });
    expect(slide.means.data).toBeClose(next.means.data, { atol: 1e-12 });
    expect(slide.variances.data).toBeClose(next.variances.data, { atol: 1e-12 });
  });

  it('keeps the mixture where the slide has no patch', () => {
    const { labels } = { labels: mixtureLabels(x, mixture) };
    const only = [...labels].flatMap((label, i) => (label === 1 ? [golden.X[i]!] : []));
    const slide = plainSlideMixture(matrixFromRows(only), mixture);
    expect([...slide.weights]).toEqual([0, 1, 0]);
    expect(matrixRow(slide.means, 0)).toBeClose(matrixRow(mixture.means, 0), { atol: 1e-12 });
    expect(matrixRow(slide.variances, 2)).toBeClose(matrixRow(mixture.variances, 2), { atol: 1e-12 });
  });
});

describe('k-means', () => {
  /** Four groups of 25 rows at the corners of a square, 10 apart. */
  const rng = new Rng('groups');
  const corners = [
    [0, 0],
    [10, 0],
    [0, 10],
    [10, 10],
  ];
  const rows = corners.flatMap(([a, b]) => Array.from({ length: 25 }, () => [rng.normal(a), rng.normal(b)]));
  const m = matrixFromRows(rows);

  it('finds separate groups, their means and the inertia', () => {
    const before = tensorCount();
    const found = kMeans(m, { clusters: 4, seed: 3 });
    expect(tensorCount()).toBe(before);
    const groups = corners.map((_, g) => new Set(found.labels.subarray(25 * g, 25 * (g + 1))));
    expect(groups.every((group) => group.size === 1)).toBe(true);
    expect(new Set(found.labels).size).toBe(4);
    let inertia = 0;
    for (const [g, group] of groups.entries()) {
      const own = rows.slice(25 * g, 25 * (g + 1));
      const mean = [0, 1].map((d) => own.reduce((sum, row) => sum + row[d]!, 0) / 25);
      expect(matrixRow(found.centres, [...group][0]!)).toBeClose(mean, { atol: 1e-12 });
      for (const row of own) inertia += (row[0]! - mean[0]!) ** 2 + (row[1]! - mean[1]!) ** 2;
    }
    expect(found.inertia).toBeCloseTo(inertia, 9);
    expect([found.converged, found.inertias.length, Math.min(...found.inertias)]).toEqual([
      true,
      5,
      found.inertia,
    ]);
  });

  it('repeats with its seed; more starts are never worse', () => {
    expect(kMeans(m, { clusters: 7, seed: 3 })).toEqual(kMeans(m, { clusters: 7, seed: 3 }));
    const [one, many] = [1, 8].map((inits) => kMeans(m, { clusters: 7, seed: 3, inits }));
    expect(many!.inertia).toBeLessThanOrEqual(one!.inertia);
  });

  it('starts by k-means++: far groups are rarely missed', () => {
    // Plain random rows would miss one of four equal groups in 1 - 4!/4^4 = 91 % of the starts.
    const missed = Array.from({ length: 100 }, (_, seed) => {
      const first = kMeans(m, { clusters: 4, seed, inits: 1, maxIterations: 1 });
      return new Set(corners.map((_, g) => first.labels[25 * g]!)).size < 4;
    }).filter(Boolean).length;
    expect(missed).toBeLessThan(25);
  });

  it('copes with equal rows and with as many clusters as rows', () => {
    const same = matrixFromRows([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(kMeans(same, { clusters: 2, seed: 1 })).toMatchObject({ inertia: 0 });
    const all = kMeans(matrixFromRows([[1], [2], [4]]), { clusters: 3, seed: 1 });
    expect([...all.centres.data].sort()).toEqual([1, 2, 4]);
  });

  it('is exact far from the origin', () => {
    const moved = matrixFromRows(rows.map((row) => row.map((v) => v + 1e7)));
    expect(kMeans(moved, { clusters: 4, seed: 3 }).inertia).toBeCloseTo(
      kMeans(m, { clusters: 4, seed: 3 }).inertia,
      4,
    );
  });

  it('refuses unusable input', () => {
    expect(() => kMeans(m, { clusters: 0, seed: 1 })).toThrow(UsageError);
    expect(() => kMeans(m, { clusters: 101, seed: 1 })).toThrow(DataError);
    expect(() => kMeans(matrixFromRows([[Number.NaN]]), { clusters: 1, seed: 1 })).toThrow(DataError);
  });
});

describe('slides of one patient', () => {
  it('are stacked', () => {
    const joined = joinSlides([matrixFromRows([[1, 2]]), matrix(1, 2, Float32Array.of(3, 4))]);
    expect([joined.rows, ...joined.data]).toEqual([2, 1, 2, 3, 4]);
    expect(() => joinSlides([])).toThrow(DataError);
    expect(() => joinSlides([matrixFromRows([[1]]), matrixFromRows([[1, 2]])])).toThrow(DataError);
  });
});
