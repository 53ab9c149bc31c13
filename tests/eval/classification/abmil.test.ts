import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Matrix, matrixFromRows, matrixRow } from '../../../src/core/matrix.ts';
import { Rng } from '../../../src/core/rng.ts';
import { DataError, ShapeError, UsageError } from '../../../src/errors.ts';
import { auroc, type Bag, GatedAbmil, trainAbmil } from '../../../src/eval/classification/index.ts';
import {
  Generator,
  scope,
  setThreads,
  tensor,
  tensorCount,
  threadCount,
  toFloat64Array,
} from '../../../src/tensor/index.ts';

// Matrices this small only lose by a second thread, most of all on a busy machine.
const threads = threadCount();
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

const shape = { inputs: 8, classCount: 2, embed: 16, attention: 8 };

/** A slide of 30 patches; in a positive one, 3 patches (the first) are shifted in two features. */
function slide(i: number, positive: boolean): { bag: Bag; matrix: Matrix } {
  const rng = new Rng(`slide ${i}`);
  const matrix = matrixFromRows(
    Array.from({ length: 30 }, (_, p) =>
      Array.from({ length: 8 }, (_, d) => rng.normal(positive && p < 3 && d < 2 ? 3 : 0, 1)),
    ),
  );
  const bag = { id: `s${i}`, patient: `p${i}`, code: positive ? 1 : 0, load: () => matrix };
  return { bag, matrix };
}
const slides = Array.from({ length: 120 }, (_, i) => slide(i, i % 3 === 0));
const bags = slides.map(({ bag }) => bag);
const [train, validation, test] = [bags.slice(0, 60), bags.slice(60, 80), slides.slice(80)];
const training = { epochs: 25, patience: 6, learningRate: 3e-3, seed: 11 };

describe('gated attention pooling', () => {
  it.each([true, false])('equals the formula, gated %s', (gated) => {
    const before = tensorCount();
    const model = new GatedAbmil({ ...shape, gated }).initialize(5);
    const weights = new Map(
      [...model.namedParameters()].map(([name, p]) => [name, { data: toFloat64Array(p), shape: p.shape }]),
    );
    const linear = (name: string, x: readonly number[]) => {
      const { data, shape: sizes } = weights.get(`${name}.weight`)!;
      const bias = weights.get(`${name}.bias`)!.data;
      return Array.from({ length: sizes[0]! }, (_, o) =>
        x.reduce((sum, v, i) => sum + v * data[o * x.length + i]!, bias[o]!),
      );
    };
    const bag = slides[0]!.matrix;
    const h = Array.from({ length: bag.rows }, (_, r) =>
      linear('embed', [...matrixRow(bag, r)]).map((v) => Math.max(0, v)),
    );
    const energy = h.map((row) => {
      const value = linear('attention_V', row).map(Math.tanh);
      const gate = gated ? linear('attention_U', row).map((v) => 1 / (1 + Math.exp(-v))) : value.map(() => 1);
      return linear(
        'attention_w',
        value.map((v, i) => v * gate[i]!),
      )[0]!;
    });
    const total = energy.reduce((sum, e) => sum + Math.exp(e), 0);
    const attention = energy.map((e) => Math.exp(e) / total);
    const pooled = h[0]!.map((_, c) => h.reduce((sum, row, n) => sum + attention[n]! * row[c]!, 0));
    const logits = linear('head', pooled).map(Math.exp);
    const found = model.predict(bag);
    expect(found.attention).toBeClose(attention, { atol: 1e-6 });
    expect(found.probabilities).toBeClose(
      logits.map((v) => v / (logits[0]! + logits[1]!)),
      { atol: 1e-6 },
    );
    expect([...weights.keys()].some((name) => name.startsWith('attention_U'))).toBe(gated);
    model.dispose();
    expect(tensorCount()).toBe(before);
  });

  it('drops the asked share of values and keeps the mean', () => {
    const model = new GatedAbmil({ ...shape, dropout: 0.4 }).initialize(5);
    const random = new Generator(3);
    scope(() => {
      const x = tensor(Float32Array.from(slides[1]!.matrix.data), [30, 8]);
      const once = toFloat64Array(model.forward(x, random).logits);
      expect(toFloat64Array(model.forward(x, random).logits)).not.toEqual(once);
      expect(toFloat64Array(model.forward(x).logits)).toEqual(toFloat64Array(model.forward(x).logits));
    });
    random.dispose();
    model.dispose();
  });

  it('refuses bags it cannot read', () => {
    const model = new GatedAbmil(shape);
    expect(() => model.predict(matrixFromRows([[1, 2]]))).toThrow(ShapeError);
    expect(() => model.predict({ rows: 0, cols: 8, data: new Float64Array(0) })).toThrow(ShapeError);
    expect(() => model.predict(matrixFromRows([[1, 2, 3, 4, 5, 6, 7, Number.NaN]]))).toThrow(DataError);
    model.dispose();
    expect(() => new GatedAbmil({ ...shape, dropout: 1 })).toThrow(UsageError);
  });
});

describe('training', () => {
  it('finds the slides with few abnormal patches, and those patches', async () => {
    const before = tensorCount();
    const fit = await trainAbmil(train, validation, shape, { ...training, classWeights: 'balanced' });
    const found = test.map(({ matrix }) => fit.model.predict(matrix));
    const area = auroc(
      test.map(({ bag }) => bag.code === 1),
      found.map(({ probabilities }) => probabilities[1]!),
    );
    expect(area).toBeGreaterThan(0.95);
    const onAbnormal = test.flatMap(({ bag }, i) =>
      bag.code === 1 ? [found[i]!.attention.slice(0, 3).reduce((sum, a) => sum + a, 0)] : [],
    );
    // Three of thirty patches would have 0.1 of an even attention.
    expect(onAbnormal.reduce((sum, a) => sum + a, 0) / onAbnormal.length).toBeGreaterThan(0.5);
    const losses = fit.history.map((epoch) => epoch.validation!);
    expect(fit.bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1);
    expect(losses[fit.bestEpoch - 1]).toBeLessThan(0.6 * losses[0]!);
    fit.model.dispose();
    expect(tensorCount()).toBe(before);
  });

  it('repeats with its seed, with bags read asynchronously too', async () => {
    const short = { ...training, epochs: 2, patchesPerStep: 10 };
    const run = async (some: readonly Bag[], seed: number) => {
      const { model, history } = await trainAbmil(some, [], shape, { ...short, seed });
      const { probabilities } = model.predict(slides[3]!.matrix);
      model.dispose();
      return { history, probabilities: [...probabilities] };
    };
    const late = train.map((bag) => ({ ...bag, load: async () => bag.load() }));
    const first = await run(train, 1);
    expect(await run(late, 1)).toEqual(first);
    expect(await run(train, 2)).not.toEqual(first);
    expect(first.history.map((epoch) => epoch.validation)).toEqual([null, null]);
  });

  it('ends early, with the weights of the best epoch', async () => {
    // Validation labels are flipped: the loss there rises as training goes on.
    const flipped = validation.map((bag) => ({ ...bag, code: 1 - bag.code }));
    const fit = await trainAbmil(train, flipped, shape, { ...training, patience: 2 });
    expect(fit.stopped).toBe('patience');
    expect(fit.epochs).toBe(fit.bestEpoch + 2);
    fit.model.dispose();
  });

  it('refuses no bags, and frees the model when a bag fails', async () => {
    const before = tensorCount();
    await expect(trainAbmil([], [], shape, training)).rejects.toThrow(UsageError);
    const broken = { ...train[0]!, load: () => matrixFromRows([[1]]) };
    await expect(trainAbmil([broken], [], shape, training)).rejects.toThrow(ShapeError);
    expect(tensorCount()).toBe(before);
  });
});
