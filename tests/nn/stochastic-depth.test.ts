import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { residual, subsetResidual } from '../../src/nn/index.ts';
import {
  backward,
  clearGradient,
  full,
  gradientOf,
  mulScalar,
  scope,
  sumAll,
  type Tensor,
  tensor,
  tensorCount,
  toFloat32Array,
} from '../../src/tensor/index.ts';

/** [rows, 2] with rows (i, -i). */
function rows(count: number): Tensor {
  return tensor(
    Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? i / 2 : -(i - 1) / 2)),
    [count, 2],
  );
}

const ones = (x: Tensor): Tensor => full(x.shape, 1, { dtype: 'float32' });

/** What a branch of ones added to each row; both columns must agree. */
function added(x: Tensor, y: Tensor): number[] {
  const [before, after] = [toFloat32Array(x), toFloat32Array(y)];
  return Array.from({ length: x.size(0) }, (_, i) => {
    const [a, b] = [after[2 * i]! - before[2 * i]!, after[2 * i + 1]! - before[2 * i + 1]!];
    expect(b).toBeCloseTo(a, 3);
    return a;
  });
}

describe('residual', () => {
  it('adds the whole branch without a generator, whatever the rate', () => {
    scope(() => {
      const x = rows(5);
      expect(added(x, residual(x, ones, 0.9))).toEqual([1, 1, 1, 1, 1]);
      expect(added(x, residual(x, ones, 0, new Rng(1)))).toEqual([1, 1, 1, 1, 1]);
    });
  });

  it('drops whole samples with the given probability and keeps the mean', () => {
    const start = tensorCount();
    scope(() => {
      const x = mulScalar(rows(4000), 0.01);
      const steps = added(x, residual(x, ones, 0.25, new Rng(3)));
      const kept = steps.filter((step) => step > 0.5);
      for (const step of steps) expect([0, 4 / 3].some((v) => Math.abs(step - v) < 1e-4)).toBe(true);
      // Binomial(4000, 0.75): standard deviation 27.
      expect(Math.abs(kept.length - 3000)).toBeLessThan(4 * 27);
    });
    expect(tensorCount()).toBe(start);
  });

  it('gives the same mask for the same seed', () => {
    scope(() => {
      const x = rows(20);
      const draw = (seed: number): number[] => added(x, residual(x, ones, 0.5, new Rng(seed)));
      expect(draw(5)).toEqual(draw(5));
      expect(draw(5)).not.toEqual(draw(6));
    });
  });

  it('passes gradients through the kept branches only, scaled', () => {
    scope(() => {
      const x = rows(40);
      x.requiresGrad = true;
      backward(sumAll(residual(x, (t) => mulScalar(t, 3), 0.5, new Rng(2))));
      const gradient = [...toFloat32Array(gradientOf(x)!)];
      expect(new Set(gradient)).toEqual(new Set([1, 7])); // 1 + 3 / (1 - 0.5)
      clearGradient(x);
    });
  });
});

describe('subsetResidual', () => {
  it.each([
    [10, 0.3, 7],
    [10, 0.35, 6],
    [3, 0.5, 1],
    [1, 0.9, 1],
  ])('of %i samples at rate %f runs the branch on %i and rescales', (batch, rate, kept) => {
    const start = tensorCount();
    scope(() => {
      const x = rows(batch);
      let seen = 0;
      const y = subsetResidual(
        x,
        (t) => {
          seen = t.size(0);
          return ones(t);
        },
        rate,
        new Rng(1),
      );
      expect(seen).toBe(kept);
      const steps = added(x, y);
      expect(steps.filter((step) => step > 0)).toHaveLength(kept);
      expect(steps.reduce((a, b) => a + b)).toBeCloseTo(batch, 3);
    });
    expect(tensorCount()).toBe(start);
  });

  it('chooses every sample equally often', () => {
    scope(() => {
      const rng = new Rng(11);
      const x = rows(8);
      const counts = new Array<number>(8).fill(0);
      for (let i = 0; i < 400; i++)
        for (const [j, step] of scope(() => added(x, subsetResidual(x, ones, 0.5, rng))).entries())
          if (step > 0) counts[j]!++;
      // Hypergeometric: 200 expected, standard deviation 10.
      for (const n of counts) expect(Math.abs(n - 200)).toBeLessThan(45);
    });
  });

  it('passes gradients through the chosen samples', () => {
    scope(() => {
      const x = rows(4);
      x.requiresGrad = true;
      backward(sumAll(subsetResidual(x, (t) => mulScalar(t, 3), 0.5, new Rng(2))));
      const gradient = [...toFloat32Array(gradientOf(x)!)].filter((_, i) => i % 2 === 0).sort();
      expect(gradient).toEqual([1, 1, 7, 7]); // 1 + 3 * 4 / 2
      clearGradient(x);
    });
  });
});
