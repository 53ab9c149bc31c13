import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matrixFromRows, matrixRow } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import { crossEntropy, oneHot } from '../../../src/eval/classification/cross-entropy.ts';
import {
  adamW,
  DINOV2_PROBE,
  DINOV2_RATES,
  EVA_PROBE,
  fitLinearProbe,
  fitLogistic,
  type LinearProbeOptions,
  logisticProbabilities,
  probeProbabilities,
  rateAt,
  scaledRate,
  sgd,
  sweepLinearProbe,
} from '../../../src/eval/classification/index.ts';
import { argmaxRows } from '../../../src/eval/numeric/index.ts';
import {
  backward,
  gradientOf,
  item,
  keep,
  scope,
  setThreads,
  square,
  sumAll,
  tensor,
  tensorCount,
  threadCount,
  toFloat64Array,
} from '../../../src/tensor/index.ts';

// Matrices this small only lose by a second thread, most of all on a busy machine.
const threads = threadCount();
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

/** n rows of a task with three classes in 6 dimensions, the means 1.5 apart. */
function blobs(seed: string, n: number) {
  const rng = new Rng(seed);
  const codes = Int32Array.from({ length: n }, (_, i) => i % 3);
  const features = matrixFromRows(
    Array.from(codes, (k) => Array.from({ length: 6 }, (_, d) => rng.normal(d === k ? 1.5 : 0, 1))),
  );
  return { features, codes };
}
const [train, validation, test] = [blobs('train', 300), blobs('validation', 150), blobs('test', 600)];
const share = (called: Int32Array, codes: Int32Array) =>
  called.filter((c, i) => c === codes[i]).length / codes.length;

describe('optimisers by hand', () => {
  /** Three steps on f(p) = sum p^2 from (1, -2); the gradient is 2 p. */
  function threeSteps(make: typeof adamW | typeof sgd, options: object, rates: number[]): Float64Array {
    const parameter = keep(tensor(Float64Array.of(1, -2), [2]));
    parameter.requiresGrad = true;
    const optimizer = make([parameter], options);
    for (const rate of rates) {
      scope(() => backward(sumAll(square(parameter))));
      optimizer.step(rate);
    }
    const values = toFloat64Array(parameter);
    optimizer.dispose();
    parameter.dispose();
    return values;
  }

  it('AdamW', () => {
    const rates = [0.1, 0.05, 0.2];
    const want = [1, -2].map((start) => {
      let [p, m, v] = [start, 0, 0];
      for (const [i, rate] of rates.entries()) {
        const g = 2 * p;
        [m, v] = [0.8 * m + 0.2 * g, 0.99 * v + 0.01 * g * g];
        p *= 1 - rate * 0.3;
        p -= (rate * (m / (1 - 0.8 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.99 ** (i + 1))) + 1e-8);
      }
      return p;
    });
    const before = tensorCount();
    expect(threeSteps(adamW, { weightDecay: 0.3, betas: [0.8, 0.99] }, rates)).toBeClose(want, {
      atol: 1e-14,
    });
    expect(tensorCount()).toBe(before);
  });

  it('SGD with momentum and decay', () => {
    const rates = [0.1, 0.05, 0.2];
    const want = [1, -2].map((start) => {
      let [p, b] = [start, 0];
      for (const rate of rates) {
        b = 0.9 * b + 2 * p + 0.1 * p;
        p -= rate * b;
      }
      return p;
    });
    expect(threeSteps(sgd, { momentum: 0.9, weightDecay: 0.1 }, rates)).toBeClose(want, { atol: 1e-14 });
  });

  it('cosine from the rate to 0', () => {
    expect([0, 50, 75, 100].map((s) => rateAt(s, 100, 0.2, 'cosine'))).toBeClose(
      [0.2, 0.1, 0.1 * (1 + Math.cos(0.75 * Math.PI)), 0],
      { atol: 1e-15 },
    );
    expect(rateAt(70, 100, 0.2, 'constant')).toBe(0.2);
  });
});

describe('cross-entropy', () => {
  it('value and gradient by the formula, large logits included', () => {
    const values = [1, 2, 3, 1000, 0, -1000];
    const before = tensorCount();
    scope(() => {
      const logits = tensor(Float64Array.from(values), [2, 3]);
      logits.requiresGrad = true;
      const loss = crossEntropy(logits, oneHot([0, 1], 3));
      backward(loss);
      const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
      expect(item(loss)).toBeCloseTo((Math.log(total) - 1 + 1000) / 2, 10);
      const p = [1, 2, 3].map((z) => Math.exp(z) / total);
      expect(toFloat64Array(gradientOf(logits)!)).toBeClose(
        [(p[0]! - 1) / 2, p[1]! / 2, p[2]! / 2, 0.5, -0.5, 0],
        { atol: 1e-15 },
      );
    });
    expect(tensorCount()).toBe(before);
  });
});

describe('linear probe', () => {
  const quick: LinearProbeOptions = {
    ...EVA_PROBE,
    learningRate: 0.02,
    steps: 400,
    evaluateEvery: 50,
    seed: 7,
  };

  it('reaches the optimum of the logistic regression it descends on', () => {
    const long = {
      ...quick,
      optimizer: 'sgd',
      weightDecay: 0,
      learningRate: 1,
      batchSize: 300,
      steps: 1500,
    } as const;
    const probe = fitLinearProbe(train, undefined, 3, { ...long, schedule: 'cosine' });
    const exact = fitLogistic(train.features, train.codes, 3, { c: 1e6 });
    expect(probeProbabilities(probe, test.features).data).toBeClose(
      logisticProbabilities(exact, test.features).data,
      { atol: 2e-3 },
    );
    expect(probe).toMatchObject({ bestStep: 1500, steps: 1500, stopped: 'steps', validationScore: null });
  });

  it('learns in mini-batches, repeats with its seed, and leaves no tensor behind', () => {
    const before = tensorCount();
    const probe = fitLinearProbe(train, validation, 3, quick);
    expect(tensorCount()).toBe(before);
    const exact = fitLogistic(train.features, train.codes, 3, { c: 1 });
    const best = share(argmaxRows(logisticProbabilities(exact, test.features)), test.codes);
    const reached = share(argmaxRows(probeProbabilities(probe, test.features)), test.codes);
    expect(best).toBeGreaterThan(0.7);
    expect(reached).toBeGreaterThan(best - 0.03);
    expect(fitLinearProbe(train, validation, 3, quick)).toEqual(probe);
    expect(fitLinearProbe(train, validation, 3, { ...quick, seed: 8 })).not.toEqual(probe);
  });

  it('keeps the earliest of the best looks and ends after enough idle ones', () => {
    const probe = fitLinearProbe(train, validation, 3, { ...quick, steps: 5000, patience: 3 });
    const best = Math.max(...probe.history.map((look) => look.score));
    expect(probe.validationScore).toBe(best);
    expect(probe.bestStep).toBe(probe.history.find((look) => look.score === best)!.step);
    expect(probe.stopped).toBe('patience');
    expect(probe.steps).toBe(probe.bestStep + 3 * 50);
    const called = argmaxRows(probeProbabilities(probe, validation.features));
    const recalls = [0, 1, 2].map((k) => {
      const own = called.filter((_, i) => validation.codes[i] === k);
      return own.filter((c) => c === k).length / own.length;
    });
    expect(recalls.reduce((sum, v) => sum + v, 0) / 3).toBeCloseTo(best, 12);
  });

  it('lives with a class that training lacks', () => {
    const rows = [...train.codes].flatMap((k, i) => (k === 1 ? [] : [i]));
    const features = matrixFromRows(rows.map((i) => matrixRow(train.features, i)));
    const probe = fitLinearProbe(
      { features, codes: Int32Array.from(rows, (i) => train.codes[i]!) },
      undefined,
      3,
      quick,
    );
    expect(argmaxRows(probeProbabilities(probe, test.features)).includes(1)).toBe(false);
  });

  it('refuses unusable input', () => {
    expect(() => fitLinearProbe(train, undefined, 3, { ...quick, steps: 0 })).toThrow(UsageError);
    expect(() => fitLinearProbe(train, undefined, 2, quick)).toThrow(DataError);
    const other = { features: matrixFromRows([[1]]), codes: Int32Array.of(0) };
    expect(() => fitLinearProbe(train, other, 3, quick)).toThrow(ShapeError);
    const empty = { features: matrixFromRows([]), codes: new Int32Array(0) };
    expect(() => fitLinearProbe(empty, undefined, 3, quick)).toThrow(DataError);
    const probe = fitLinearProbe(train, undefined, 3, { ...quick, steps: 1 });
    expect(() => probeProbabilities(probe, matrixFromRows([[1]]))).toThrow(ShapeError);
    expect(probeProbabilities(probe, { rows: 0, cols: 6, data: new Float64Array(0) }).rows).toBe(0);
  });
});

describe('sweep of rates and features', () => {
  const probe = { ...DINOV2_PROBE, steps: 120, evaluateEvery: 60 };
  const noise = blobs('noise', 300);
  const sets = [
    { name: 'noise', train: noise.features, validation: blobs('more noise', 150).features },
    { name: 'signal', train: train.features, validation: validation.features },
  ];
  // The labels belong to the second set; the first one's rows are of the same classes but reordered.
  const shuffled = new Rng(1).shuffle([...train.codes]);
  const codes = { train: train.codes, validation: validation.codes };

  it('keeps the best pair', () => {
    const swept = sweepLinearProbe(sets, codes, 3, { probe, rates: [1e-5, 0.05], seed: 3 });
    expect(swept.trials.map((t) => [t.features, t.learningRate])).toEqual([
      ['noise', 1e-5],
      ['noise', 0.05],
      ['signal', 1e-5],
      ['signal', 0.05],
    ]);
    const most = Math.max(...swept.trials.map((t) => t.score));
    const first = swept.trials.find((t) => t.score === most)!;
    expect([swept.features, swept.learningRate]).toEqual([first.features, first.learningRate]);
    expect(swept.probe.validationScore).toBe(most);
  });

  it('of equal scores keeps the first', () => {
    const twice = [sets[1]!, { ...sets[1]!, name: 'again' }];
    const swept = sweepLinearProbe(twice, { ...codes, train: Int32Array.from(shuffled) }, 3, {
      probe,
      rates: [0.05],
      seed: 3,
    });
    expect(swept.trials[0]!.score).toBe(swept.trials[1]!.score);
    expect(swept.features).toBe('signal');
  });

  it('has the 13 rates of DINOv2, scaled to the batch', () => {
    expect(DINOV2_RATES).toHaveLength(13);
    expect(scaledRate(0.1, 128)).toBe(0.05);
    expect(() => sweepLinearProbe([], codes, 3, { seed: 1 })).toThrow(UsageError);
  });
});
