import { describe, expect, it } from 'vitest';
import { matrixFromRows } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import { chiSquareTail } from '../../../src/eval/numeric/index.ts';
import {
  baselineHazard,
  coxRisks,
  fitCox,
  harrellC,
  kaplanMeier,
  logRank,
  orderedCoxLoss,
  partialLikelihood,
  selectSurvival,
  timeBins,
} from '../../../src/eval/survival/index.ts';
import { readEvalGolden } from '../../support/paths.ts';

interface GoldenCox {
  beta: number[];
  se: number[];
  z: number[];
  p: number[];
  loglik: number;
  loglik_null: number;
  lr_stat: number;
  lr_p: number;
}
interface GoldenC {
  risk?: number[];
  concordant: number;
  discordant: number;
  tied_risk: number;
  tied_time: number;
  cindex: number;
}
interface GoldenKm {
  table: {
    time: number;
    n_risk: number;
    events: number;
    censored: number;
    survival: number;
    greenwood_se: number | null;
    ci_low_loglog: number | null;
    ci_high_loglog: number | null;
  }[];
  median: number | null;
}
interface Golden {
  Z: number[][];
  time: number[];
  event: number[];
  cox: Record<'breslow' | 'efron' | 'efron_l2_5', GoldenCox>;
  risk_efron: number[];
  cindex: GoldenC;
  cindex_rounded_risk_with_ties: GoldenC;
  cindex_reversed: GoldenC;
  km_all: GoldenKm;
  km_low: GoldenKm;
  km_high: GoldenKm;
  group_high: number[];
  median_risk: number;
  logrank: { O1: number; E1: number; V: number; chi2: number; p: number };
  breslow_baseline_time_H_S: number[][];
  panther_cox_loss: { value: number };
  discrete_time_bins: { n: number; edges_from_event_times: number[]; bin: number[] };
}
const golden = readEvalGolden<Golden>('survival');
const survival = { times: golden.time, events: golden.event.map((e) => e === 1) };
const z = matrixFromRows(golden.Z);
const atol = 1e-8;

describe('Cox regression against statsmodels', () => {
  it.each([
    ['breslow', { ties: 'breslow' }],
    ['efron', {}],
    ['efron_l2_5', { l2: 5 }],
  ] as const)('%s', (name, options) => {
    const want = golden.cox[name];
    const found = fitCox(z, survival, options);
    expect(found.coefficients).toBeClose(want.beta, { atol });
    expect(found.standardErrors).toBeClose(want.se, { atol });
    expect(found.z).toBeClose(want.z, { atol: 1e-7 });
    expect(found.p).toBeClose(want.p, { atol });
    // The golden likelihoods have the penalty taken off, and their ratio follows from that.
    const penalty = (found.l2 / 2) * Math.hypot(...found.coefficients) ** 2;
    expect([found.logLikelihood - penalty, found.nullLogLikelihood]).toBeClose(
      [want.loglik, want.loglik_null],
      { atol },
    );
    const ratio = found.likelihoodRatio - 2 * penalty;
    expect([ratio, chiSquareTail(ratio, 3)]).toBeClose([want.lr_stat, want.lr_p], { atol });
    if (found.l2 === 0) expect([found.likelihoodRatioP]).toBeClose([want.lr_p], { atol });
    expect(found.converged).toBe(true);
  });

  it('risks, their concordance and the median split', () => {
    const risks = coxRisks(fitCox(z, survival), z);
    expect(risks).toBeClose(golden.risk_efron, { atol });
    const sorted = Float64Array.from(risks).sort();
    expect((sorted[23]! + sorted[24]!) / 2).toBeCloseTo(golden.median_risk, 8);
    expect(Array.from(risks, (r) => (r > golden.median_risk ? 1 : 0))).toEqual(golden.group_high);
  });

  it('has the gradient and information of its value', () => {
    const b = Float64Array.of(0.3, -0.4, 0.2);
    for (const ties of ['breslow', 'efron'] as const) {
      const at = partialLikelihood(z, survival, b, ties);
      const step = 1e-5;
      for (let a = 0; a < 3; a++) {
        const [up, down] = [1, -1].map((sign) =>
          partialLikelihood(
            z,
            survival,
            b.map((v, i) => v + (i === a ? sign * step : 0)),
            ties,
          ),
        );
        expect((up!.value - down!.value) / (2 * step)).toBeCloseTo(at.gradient[a]!, 6);
        const change = up!.gradient.map((g, i) => (down!.gradient[i]! - g) / (2 * step));
        expect(change).toBeClose(at.information.slice(3 * a, 3 * a + 3), { atol: 1e-6 });
      }
    }
  });

  it('ties make no difference where there are none', () => {
    const apart = { ...survival, times: golden.time.map((t, i) => t + i / 1000) };
    const [a, b] = [fitCox(z, apart, { ties: 'breslow' }), fitCox(z, apart, { ties: 'efron' })];
    expect(a.coefficients).toBeClose(b.coefficients, { atol: 1e-12 });
  });

  it('shrinks with the penalty and does not overflow', () => {
    const sizes = [0, 1, 100].map((l2) => Math.hypot(...fitCox(z, survival, { l2 }).coefficients));
    expect(sizes[0]! > sizes[1]! && sizes[1]! > sizes[2]!).toBe(true);
    const huge = matrixFromRows(golden.Z.map((row) => row.map((v) => 1e4 + 1e3 * v)));
    expect(fitCox(huge, survival).coefficients.map((b) => b * 1e3)).toBeClose(golden.cox.efron.beta, {
      atol: 1e-7,
    });
  });

  it('says when the likelihood has no maximum, and that a penalty helps', () => {
    const perfect = { times: [1, 2, 3, 4], events: [true, true, true, true] };
    const x = matrixFromRows([[4], [3], [2], [1]]);
    expect(fitCox(x, perfect, { maxIterations: 15 }).converged).toBe(false);
    expect(fitCox(x, perfect, { l2: 0.1 }).converged).toBe(true);
  });

  it('refuses what it cannot fit', () => {
    const twice = matrixFromRows(golden.Z.map((row) => [row[0]!, 2 * row[0]!]));
    expect(() => fitCox(twice, survival)).toThrow(/raise l2/);
    expect(fitCox(twice, survival, { l2: 1 }).converged).toBe(true);
    expect(() => fitCox(z, { ...survival, events: survival.events.map(() => false) })).toThrow(DataError);
    expect(() => fitCox(z, survival, { l2: -1 })).toThrow(UsageError);
    expect(() => fitCox(matrixFromRows([]), { times: [], events: [] })).toThrow(ShapeError);
    expect(() => fitCox(z, { times: [1], events: [true] })).toThrow(DataError);
    expect(() => coxRisks(fitCox(z, survival), matrixFromRows([[1]]))).toThrow(ShapeError);
  });
});

describe('concordance', () => {
  it.each([
    ['of the risks', golden.cindex, golden.risk_efron],
    ['with tied risks', golden.cindex_rounded_risk_with_ties, golden.cindex_rounded_risk_with_ties.risk!],
    ['reversed', golden.cindex_reversed, golden.risk_efron.map((r) => -r)],
  ])('%s', (_, want, risks) => {
    expect(harrellC(survival, risks)).toEqual({
      index: expect.closeTo(want.cindex, 14),
      concordant: want.concordant,
      discordant: want.discordant,
      tiedRisk: want.tied_risk,
      tiedTime: want.tied_time,
    });
  });

  it('by hand: an event and a censored patient at one time are comparable, two events are not', () => {
    const at = { times: [5, 5, 5, 2], events: [true, false, true, false] };
    // Comparable: (0, 1) and (2, 1). The patient censored at 2 is in no pair.
    expect(harrellC(at, [1, 2, 3, 9])).toEqual({
      index: 0.5,
      concordant: 1,
      discordant: 1,
      tiedRisk: 0,
      tiedTime: 1,
    });
  });

  it('is undefined without a comparable pair, and refuses unusable lists', () => {
    expect(harrellC({ times: [1, 2], events: [false, false] }, [1, 2]).index).toBeNaN();
    expect(() => harrellC(survival, [1])).toThrow(ShapeError);
    expect(() => harrellC({ times: [Number.NaN], events: [true] }, [1])).toThrow(/found NaN at patient 0/);
    expect(() => harrellC({ times: [-1], events: [true] }, [1])).toThrow(DataError);
  });
});

describe('curves', () => {
  const rows = (high: boolean) => golden.group_high.flatMap((g, i) => ((g === 1) === high ? [i] : []));
  it.each([
    ['all', golden.km_all, survival],
    ['low', golden.km_low, selectSurvival(survival, rows(false))],
    ['high', golden.km_high, selectSurvival(survival, rows(true))],
  ])('Kaplan-Meier of %s patients', (_, want, data) => {
    const found = kaplanMeier(data);
    expect(found.median).toBe(want.median);
    expect(found.steps).toHaveLength(want.table.length);
    for (const [i, row] of want.table.entries()) {
      const step = found.steps[i]!;
      expect([step.time, step.atRisk, step.events, step.censored]).toEqual([
        row.time,
        row.n_risk,
        row.events,
        row.censored,
      ]);
      const ours = [step.survival, step.standardError, step.low, step.high];
      const theirs = [row.survival, row.greenwood_se, row.ci_low_loglog, row.ci_high_loglog];
      expect(ours.map((v) => v === null)).toEqual(theirs.map((v) => v === null));
      expect(ours.map((v) => v ?? 0)).toBeClose(
        theirs.map((v) => v ?? 0),
        { atol: 1e-12 },
      );
    }
  });

  it('is 1 before the first event and 0 after the last patient died, without an interval there', () => {
    const { steps, median } = kaplanMeier({ times: [1, 2, 3], events: [false, true, true] });
    expect(steps.map((s) => s.survival)).toEqual([1, 0.5, 0]);
    expect(steps.map((s) => s.low === null)).toEqual([true, false, true]);
    expect([steps[0]!.standardError, steps[2]!.standardError, median]).toEqual([0, null, 2]);
  });

  it('log-rank test', () => {
    const { O1, E1, V, chi2, p } = golden.logrank;
    const found = logRank(
      survival,
      golden.group_high.map((g) => g === 1),
    );
    expect([found.observed, found.expected, found.variance, found.chiSquare!, found.p!]).toBeClose(
      [O1, E1, V, chi2, p],
      { atol },
    );
    const mirrored = logRank(
      survival,
      golden.group_high.map((g) => g === 0),
    );
    expect(mirrored.chiSquare).toBeCloseTo(chi2, 10);
    expect(mirrored.observed + found.observed).toBe(survival.events.filter(Boolean).length);
  });

  it('log-rank is undefined with one group, and refuses lists of other length', () => {
    expect(
      logRank(
        survival,
        survival.events.map(() => true),
      ),
    ).toMatchObject({ chiSquare: null, p: null });
    expect(() => logRank(survival, [true])).toThrow(ShapeError);
  });

  it('log-rank p-values of equal groups are uniform', () => {
    const rng = new Rng('null');
    const small = Array.from({ length: 400 }, () => {
      const times = Array.from({ length: 60 }, () => -Math.log(1 - rng.uniform()));
      const censor = times.map(() => rng.uniform(0, 3));
      const data = {
        times: times.map((t, i) => Math.min(t, censor[i]!)),
        events: times.map((t, i) => t <= censor[i]!),
      };
      return (
        logRank(
          data,
          times.map((_, i) => i % 2 === 0),
        ).p! < 0.1
      );
    }).filter(Boolean).length;
    // 40 expected, standard deviation 6.
    expect(Math.abs(small - 40)).toBeLessThan(18);
  });

  it("Breslow's baseline", () => {
    const found = baselineHazard(survival, coxRisks(fitCox(z, survival, { ties: 'breslow' }), z));
    expect(found.flatMap((s) => [s.time, s.cumulativeHazard, s.survival])).toBeClose(
      golden.breslow_baseline_time_H_S.flat(),
      { atol },
    );
    expect(() => baselineHazard(survival, [0])).toThrow(ShapeError);
  });
});

describe("PANTHER's losses", () => {
  it('Cox loss in list order', () => {
    expect(orderedCoxLoss(survival, golden.risk_efron)).toBeCloseTo(golden.panther_cox_loss.value, 10);
    expect(
      orderedCoxLoss(
        survival,
        golden.risk_efron.map((r) => r + 900),
      ),
    ).toBeCloseTo(golden.panther_cox_loss.value, 10);
    expect(() => orderedCoxLoss({ times: [1], events: [false] }, [0])).toThrow(DataError);
    expect(() => orderedCoxLoss(survival, [0])).toThrow(ShapeError);
  });

  it('classes of time', () => {
    const { n, edges_from_event_times, bin } = golden.discrete_time_bins;
    expect(timeBins(survival, n)).toEqual({ edges: edges_from_event_times, bins: bin });
    expect(() => timeBins(survival, 1)).toThrow(UsageError);
    expect(() => timeBins({ times: [1], events: [false] }, 2)).toThrow(DataError);
  });
});
