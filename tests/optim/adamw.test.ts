import { afterEach, describe, expect, it } from 'vitest';
import { DataError, ShapeError } from '../../src/errors.ts';
import { AdamW, clipGradients, gradientsOf, type ParameterGroup } from '../../src/optim/index.ts';
import {
  backward,
  clone,
  mul,
  scope,
  sumAll,
  type Tensor,
  tensor,
  tensorCount,
  toFloat32Array,
} from '../../src/tensor/index.ts';
import { readGolden } from '../support/fixtures.ts';

afterEach(() => expect(tensorCount()).toBe(0));

function vector(values: readonly number[]): Tensor {
  return tensor(Float32Array.from(values), [values.length]);
}

function group(parameters: Record<string, Tensor>, more: Partial<ParameterGroup> = {}): ParameterGroup {
  return {
    parameters: new Map(Object.entries(parameters)),
    lrMultiplier: 1,
    decayMultiplier: 1,
    lastLayer: false,
    ...more,
  };
}

/** Runs `work` with an optimiser that is freed afterwards. */
function withAdamW(groups: readonly ParameterGroup[], work: (optimizer: AdamW) => void): void {
  const optimizer = new AdamW(groups);
  try {
    work(optimizer);
  } finally {
    optimizer.dispose();
  }
}

describe('AdamW', () => {
  it('follows the reference for three steps, the first with rate 0', () =>
    scope(() => {
      const golden = readGolden('adamw_unit');
      const { lr, wd } = golden.meta as { lr: number[]; wd: number[] };
      const parameter = tensor(golden.get('p').data, [12]);
      const [g, after] = [golden.get('g').data as Float32Array, golden.get('after').data];
      withAdamW([group({ p: parameter })], (optimizer) => {
        for (const step of [0, 1, 2]) {
          const gradient = tensor(g.slice(step * 12, step * 12 + 12), [12]);
          optimizer.step(new Map([['p', gradient]]), { lr: lr[step]!, weightDecay: wd[step]! });
          expect(toFloat32Array(parameter)).toBeClose(
            after.slice(step * 12, step * 12 + 12),
            golden.tolerance('out'),
          );
        }
        expect(optimizer.steps).toBe(3);
      });
    }));

  it('moves a first step by lr * sign(g), after the decay', () =>
    scope(() => {
      const parameter = vector([1, -2, 3]);
      withAdamW([group({ p: parameter })], (optimizer) => {
        optimizer.step(new Map([['p', vector([5, -0.1, 0])]]), { lr: 0.1, weightDecay: 0.5 });
      });
      expect(toFloat32Array(parameter)).toBeClose([0.95 - 0.1, -1.9 + 0.1, 2.85], { atol: 1e-6 });
    }));

  it('applies the multipliers of each group and the rate of the last layer', () =>
    scope(() => {
      const [plain, slow, bare, last] = [vector([1]), vector([1]), vector([1]), vector([1])];
      const groups = [
        group({ plain }),
        group({ slow }, { lrMultiplier: 0.2 }),
        group({ bare }, { decayMultiplier: 0 }),
        group({ last }, { lastLayer: true }),
      ];
      const gradients = new Map(['plain', 'slow', 'bare', 'last'].map((name) => [name, vector([2])]));
      withAdamW(groups, (optimizer) => {
        optimizer.step(gradients, { lr: 0.1, weightDecay: 0.5, lastLayerLr: 0 });
        expect(toFloat32Array(optimizer.tensors().get('exp_avg.last')!)).toBeClose([0.2], { atol: 1e-7 });
      });
      const values = [plain, slow, bare, last].map((t) => toFloat32Array(t)[0]!);
      expect(values).toBeClose([0.85, 0.97, 0.9, 1], { atol: 1e-6 });
    }));

  it('takes the same step after its state is put back', () =>
    scope(() => {
      const start = vector([1, 2, 3]);
      const gradients = new Map([['p', vector([0.3, -0.2, 0.1])]]);
      const rates = { lr: 0.01, weightDecay: 0.1 };
      withAdamW([group({ p: start })], (first) => {
        first.step(gradients, rates);
        const resumed = clone(start);
        withAdamW([group({ p: resumed })], (second) => {
          second.restore(first.steps, first.tensors());
          first.step(gradients, rates);
          second.step(gradients, rates);
        });
        expect(toFloat32Array(resumed)).toEqual(toFloat32Array(start));
      });
    }));

  it('names what is missing', () =>
    scope(() => {
      withAdamW([group({ p: vector([1]) })], (optimizer) => {
        const rates = { lr: 1, weightDecay: 0 };
        expect(() => optimizer.step(new Map(), rates)).toThrow(DataError);
        expect(() => optimizer.step(new Map(), rates)).toThrow(
          /needed a gradient for every parameter.*none for p/,
        );
        expect(() => optimizer.restore(1, new Map())).toThrow(/AdamW restore: needed the moment exp_avg.p/);
        const wrong = new Map(['exp_avg.p', 'exp_avg_sq.p'].map((name) => [name, vector([1, 2])]));
        expect(() => optimizer.restore(1, wrong)).toThrow(ShapeError);
        expect(optimizer.steps).toBe(0);
      });
    }));
});

describe('gradients', () => {
  it('are zero for parameters that took no part', () =>
    scope(() => {
      const [used, unused] = [vector([1, 2]), vector([3])];
      used.requiresGrad = true;
      unused.requiresGrad = true;
      backward(sumAll(mul(used, used)));
      const gradients = gradientsOf(
        new Map([
          ['used', used],
          ['unused', unused],
        ]),
      );
      expect([...gradients].map(([name, g]) => [name, ...toFloat32Array(g)])).toEqual([
        ['used', 2, 4],
        ['unused', 0],
      ]);
    }));

  it('are scaled together to the largest norm, and left alone below it', () =>
    scope(() => {
      const [a, b] = [vector([3, 0]), vector([4])];
      expect(clipGradients([a, b], 10)).toBeCloseTo(5, 6);
      expect(toFloat32Array(a)).toEqual(Float32Array.of(3, 0));
      expect(clipGradients([a, b], 1)).toBeCloseTo(5, 6);
      expect([...toFloat32Array(a), ...toFloat32Array(b)]).toBeClose([0.6, 0, 0.8], { atol: 1e-6 });
      expect(clipGradients([], 1)).toBe(0);
    }));

  it('stay as they are when their norm is not finite', () =>
    scope(() => {
      const broken = vector([1, Number.NaN]);
      expect(clipGradients([broken], 1)).toBeNaN();
      expect(toFloat32Array(broken)[0]).toBe(1);
    }));
});
