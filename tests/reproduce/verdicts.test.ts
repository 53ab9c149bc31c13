/** The rule of the verdicts, on numbers made for it. */
import { describe, expect, it } from 'vitest';
import { CLAIMS, type Differences, judgeClaims } from '../../src/reproduce/claims.ts';
import {
  difference,
  drawSeedsAndFolds,
  resampledDrop,
  resampledMean,
  type SeededFolds,
} from '../../src/reproduce/resamples.ts';
import { SIX_BACKBONES } from '../../src/reproduce/scales.ts';
import { type Evidence, evidence, judge } from '../../src/reproduce/verdicts.ts';

const FREE = { seeds: 3, groups: 4, missing: [] };
const made = (low: number, high: number, more: Partial<Evidence> = {}): Evidence => ({
  label: 'a - b',
  difference: (low + high) / 2,
  interval: { low, high },
  favourable: 1,
  undefinedShare: 0,
  ...more,
});

describe('judge', () => {
  it('reproduces a claim only when every interval lies above 0', () => {
    expect(judge([made(0.01, 0.2), made(0.02, 0.3)], FREE).verdict).toBe('reproduced');
    expect(judge([made(0.01, 0.2), made(-0.01, 0.3)], FREE)).toEqual({
      verdict: 'not reproduced',
      reason: 'the interval holds 0: a - b 0.145 [-0.010, 0.300]',
    });
    expect(judge([made(0, 0.2)], FREE).verdict).toBe('not reproduced');
  });

  it('says when the opposite is clear', () => {
    const { verdict, reason } = judge([made(0.01, 0.2), made(-0.3, -0.1)], FREE);
    expect([verdict, reason.slice(0, 12)]).toEqual(['not reproduced', 'the opposite']);
  });

  it('refuses a verdict without backbones, seeds, groups or values', () => {
    const good = [made(0.1, 0.2)];
    expect(judge(good, { ...FREE, missing: ['ViT_24'] }).reason).toBe('the run has no ViT_24');
    expect(judge(good, { ...FREE, seeds: 1 }).verdict).toBe('not testable');
    expect(judge(good, { ...FREE, groups: 2 }).verdict).toBe('not testable');
    expect(judge([made(0.1, 0.2, { undefinedShare: 0.06 })], FREE).reason).toMatch(/6 % of the resamples/);
    expect(judge([made(0.1, 0.2, { undefinedShare: 0.05 })], FREE).verdict).toBe('reproduced');
    expect(judge([], FREE).verdict).toBe('not testable');
  });
});

describe('evidence', () => {
  it('turns errors round, so that above 0 is better, and leaves undefined resamples out', () => {
    const resamples = Float64Array.from([-1, -2, -3, 4, Number.NaN]);
    const {
      difference: value,
      favourable,
      undefinedShare,
      interval,
    } = evidence('x', { value: -1.5, resamples }, -1);
    expect([value, favourable]).toEqual([1.5, 0.75]);
    expect(undefinedShare).toBeCloseTo(0.2, 12);
    expect(interval.high).toBeGreaterThan(2);
    expect(interval.low).toBeLessThan(-3);
  });
});

/** Two seeds, three folds, four resamples; every value is base + seed/10 + fold/100 + resample/1000. */
function folds(base: number): SeededFolds {
  const at = (s: number, f: number, r: number) => base + s / 10 + f / 100 + r / 1000;
  const replicate = (s: number, f: number) => Float64Array.from({ length: 4 }, (_, r) => at(s, f, r));
  const metrics = <T>(value: T) => ({ pcc: value, pccTop: value, mse: value, mae: value, r2: value });
  return {
    values: [0, 1].map((s) => [0, 1, 2].map((f) => metrics(at(s, f, 0)))),
    replicates: [0, 1].map((s) => [0, 1, 2].map((f) => metrics(replicate(s, f)))),
  };
}

describe('resamples', () => {
  const draws = drawSeedsAndFolds(4, 2, 3, 'study');

  it('average drawn folds of drawn seeds', () => {
    const { value, resamples } = resampledMean(folds(1), 'pcc', draws);
    expect(value).toBeCloseTo(1 + 0.05 + 0.01, 12);
    for (const [r, got] of resamples.entries()) {
      const [seeds, drawn] = [draws.seeds[r]!, draws.folds[r]!];
      const mean = (all: readonly number[]) => all.reduce((sum, v) => sum + v, 0) / all.length;
      expect(got).toBeCloseTo(1 + mean(seeds) / 10 + mean(drawn) / 100 + r / 1000, 12);
    }
  });

  it('pair two backbones: what both share cancels', () => {
    const both = difference(resampledMean(folds(1.5), 'pcc', draws), resampledMean(folds(1), 'pcc', draws));
    expect(both.value).toBeCloseTo(0.5, 12);
    for (const v of both.resamples) expect(v).toBeCloseTo(0.5, 12);
  });

  it('take the drop in percent of the random value, and none where that is not above 0', () => {
    const flat = (v: number) => ({ value: v, resamples: Float64Array.from([v, -v]) });
    const drop = resampledDrop(flat(0.4), flat(0.3), 'pcc');
    expect(drop.value).toBeCloseTo(25, 12);
    expect(drop.resamples[0]).toBeCloseTo(25, 12);
    expect(drop.resamples[1]).toBeNaN();
    expect(resampledDrop(flat(0.4), flat(0.5), 'mse').value).toBeCloseTo(25, 12);
  });
});

describe('claims', () => {
  /** Scores per backbone, without any uncertainty. */
  function differences(pcc: Record<string, number>): Differences {
    const sure = (label: string, value: number) =>
      made(value - 1e-6, value + 1e-6, { label, difference: value });
    const score = (a: string, b: string) => sure(`${a} - ${b}`, pcc[a]! - pcc[b]!);
    return { backbones: SIX_BACKBONES, seeds: 3, groups: 4, score, drop: score, highFrequency: score };
  }
  const paper = {
    'mv-hybrid': 0.46,
    'vit-12': 0.415,
    'hydra-hybrid': 0.414,
    'hydra-einfft': 0.404,
    'vim-einfft': 0.397,
    'vit-24': 0.365,
  };

  it("follow from the paper's own numbers (Hydra_Hybrid a little below its equal, ViT_12)", () => {
    const verdicts = judgeClaims(differences(paper)).filter(({ id }) => id !== 'frequency');
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(verdicts.map(() => 'reproduced'));
  });

  it('fall one by one when the order changes', () => {
    const turned = judgeClaims(differences({ ...paper, 'hydra-hybrid': 0.47 }));
    const failing = turned.filter(({ verdict }) => verdict === 'not reproduced').map(({ id }) => id);
    expect(failing).toEqual(['best-pcc', 'best-pcc10', 'best-mse', 'mixer-of-hybrid', 'frequency']);
  });

  it('name what is missing', () => {
    const two = { ...differences(paper), backbones: ['mv-hybrid', 'vit-12'] };
    const testable = judgeClaims(two).filter(({ verdict }) => verdict !== 'not testable');
    expect(testable.map(({ id }) => id)).toEqual(['drop-pcc', 'drop-pcc10', 'held-out-pcc-vit']);
    expect(new Set(CLAIMS.map(({ id }) => id)).size).toBe(CLAIMS.length);
  });
});
