/** Computing blocks twice and computing in bfloat16: what they may and may not change. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Backbone, createBackbone, Vit } from '../../src/backbones/index.ts';
import { EinFft, Linear, MambaVisionMixer, Mlp, withPrecision } from '../../src/nn/index.ts';
import { type DinoV2Options, trainStep } from '../../src/ssl/index.ts';
import { computeGradients } from '../../src/ssl/train-step.ts';
import {
  backward,
  gradientOf,
  noGrad,
  normalInto,
  recomputed,
  recomputing,
  scope,
  setThreads,
  sumAll,
  tensorCount,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';
import { tinyBatch, tinyCrops, tinyHybrid, tinyOptions, tinyVit, withModel } from './tiny-model.ts';

beforeAll(() => setThreads(1));
afterEach(() => expect(tensorCount()).toBe(0));

type Make = () => Backbone;

/** Losses and gradients of the first step of a fresh model. */
function compute(make: Make, { recompute = false, options = {} as DinoV2Options } = {}) {
  return withModel(
    (model) =>
      scope(() => {
        const batch = tinyBatch(model, tinyCrops(4));
        const { losses, gradients } = computeGradients(model, [batch], model.schedules(4), { recompute });
        return {
          losses,
          gradients: new Map([...gradients].map(([name, g]) => [name, toFloat32Array(g)])),
        };
      }),
    tinyOptions(options),
    { make },
  );
}

const tinyVim: Make = () => createBackbone('vim', { width: 16, depth: 2, maskToken: true });
/** Without LayerScale, whose start of 1e-5 hides what happens in the branches. */
const plainVit: Make = () => new Vit({ width: 32, depth: 2, heads: 2, imagePx: 64, layerScale: null });

/** |a - b| / |a| over all numbers. */
function distance(a: Float32Array, b: Float32Array): number {
  const length = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  return length(a.map((v, i) => v - b[i]!)) / length(a);
}

describe('blocks computed twice', () => {
  it.each([
    ['MV_Hybrid', tinyHybrid],
    ['ViT with stochastic depth', tinyVit],
    ['Vim', tinyVim],
  ])('give the same losses and gradients: %s', (_, make) => {
    const [stored, again] = [compute(make), compute(make, { recompute: true })];
    expect(again.losses).toEqual(stored.losses);
    expect([...again.gradients.keys()]).toEqual([...stored.gradients.keys()]);
    // A parameter that is used several times sums its gradients in another order: that much and no more.
    for (const [name, gradient] of stored.gradients)
      expect(distance(gradient, again.gradients.get(name)!), name).toBeLessThan(1e-6);
    expect(stored.gradients.size).toBeGreaterThan(20);
  });

  it('run once forward and once back, on the same numbers, and leave nothing', () => {
    scope(() => {
      const x = zeros([2, 3], { dtype: 'float32' });
      noGrad(() => normalInto(x));
      x.requiresGrad = true;
      const layer = new Linear(3, 3).initialize(1);
      const seen: Float32Array[] = [];
      const before = tensorCount();
      recomputing(true, (back) => {
        scope(() => {
          const work = (t: typeof x) => {
            seen.push(toFloat32Array(t));
            return layer.forward(t);
          };
          back(sumAll(recomputed(recomputed(x, work), work)));
        });
      });
      expect(tensorCount()).toBe(before);
      expect(seen.map((values) => [...values])).toEqual(
        [seen[0], seen[1], seen[1], seen[0]].map((v) => [...v!]),
      );
      const twice = toFloat32Array(gradientOf(x)!);
      noGrad(() =>
        scope(() => expect(recomputing(true, () => recomputed(x, (t) => t).requiresGrad)).toBe(true)),
      );
      const plain = zeros([2, 3], { dtype: 'float32' });
      plain.requiresGrad = true;
      backward(sumAll(layer.forward(layer.forward(plain))));
      expect([...twice]).toEqual([...toFloat32Array(gradientOf(plain)!)]);
      layer.dispose();
    });
  });

  it('leave nothing behind when the work throws', () => {
    scope(() => {
      const x = zeros([1, 2], { dtype: 'float32' });
      x.requiresGrad = true;
      const before = tensorCount();
      const fail = (): never => {
        throw new Error('stop');
      };
      expect(() =>
        recomputing(true, () =>
          scope(() =>
            recomputed(
              recomputed(x, (t) => t),
              fail,
            ),
          ),
        ),
      ).toThrow('stop');
      expect(tensorCount()).toBe(before);
    });
  });
});

describe('bfloat16', () => {
  it.each([
    ['MV_Hybrid', tinyHybrid],
    ['ViT', plainVit],
  ])('moves losses and gradients of %s by its rounding and no more', (_, make) => {
    const full = compute(make);
    const half = compute(make, { options: { precision: 'bfloat16' } });
    expect(half.losses.total).not.toBe(full.losses.total);
    expect(Math.abs(half.losses.total / full.losses.total - 1)).toBeLessThan(0.01);
    const far = [...full.gradients]
      .filter(([, gradient]) => gradient.some((v) => Math.abs(v) > 1e-6))
      .map(([name, gradient]) => [name, distance(gradient, half.gradients.get(name)!)] as const)
      .filter(([, d]) => d > 0.1);
    expect(far).toEqual([]);
  });

  it('leaves EinFFT and the state-space mixer as they are', () => {
    scope(() => {
      const x = zeros([2, 5, 16], { dtype: 'float32' });
      normalInto(x);
      for (const layer of [new EinFft(16), new MambaVisionMixer(16)]) {
        layer.initialize(1);
        const full = toFloat32Array(layer.forward(x));
        expect(toFloat32Array(withPrecision('bfloat16', () => layer.forward(x)))).toEqual(full);
        layer.dispose();
      }
      const mlp = new Mlp(16, 32).initialize(1);
      const y = withPrecision('bfloat16', () => mlp.forward(x));
      expect(y.dtype).toBe('float32');
      const error = distance(toFloat32Array(mlp.forward(x)), toFloat32Array(y));
      expect(error).toBeGreaterThan(1e-4);
      expect(error).toBeLessThan(0.02);
      mlp.dispose();
    });
  });

  it('trains: the loss falls in 30 steps', () => {
    withModel(
      (model) => {
        const crops = tinyCrops(4);
        const totals = Array.from({ length: 30 }, () =>
          scope(() => trainStep(model, tinyBatch(model, crops)).losses.total),
        );
        const mean = (values: number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
        expect(mean(totals.slice(-5))).toBeLessThan(0.85 * mean(totals.slice(0, 5)));
      },
      tinyOptions({ precision: 'bfloat16' }),
      { make: tinyHybrid },
    );
  });
});
