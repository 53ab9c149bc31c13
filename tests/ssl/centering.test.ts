import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { nextCentre, rowSum, sinkhornKnopp, softmaxCentered } from '../../src/ssl/index.ts';
import {
  addScalar,
  narrow,
  scope,
  type Tensor,
  tensor,
  tensorCount,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';
import { simulateGroup } from './simulate-group.ts';

afterEach(() => expect(tensorCount()).toBe(0));

/** Logits in [-1, 1], rows x prototypes. */
function logitsOf(rows: number, prototypes: number, seed = 1): Tensor {
  const values = Float32Array.from({ length: rows * prototypes }, (_, i) =>
    Math.sin(seed + i * 1.7 + (i % 7) * 0.9),
  );
  return tensor(values, [rows, prototypes]);
}

function sums(q: Tensor): { samples: number[]; prototypes: number[] } {
  const [rows, columns] = q.shape as [number, number];
  const values = toFloat32Array(q);
  const samples = Array<number>(rows).fill(0);
  const prototypes = Array<number>(columns).fill(0);
  for (const [i, value] of values.entries()) {
    samples[Math.floor(i / columns)]! += value;
    prototypes[i % columns]! += value;
  }
  return { samples, prototypes };
}

describe('Sinkhorn-Knopp', () => {
  it('gives every sample weight 1 and, after many rounds, every prototype its share', () =>
    scope(() => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 2, max: 9 }),
          fc.integer(),
          (rows, k, seed) => {
            scope(() => {
              const logits = logitsOf(rows, k, seed % 100);
              const few = sums(sinkhornKnopp(logits, 0.3));
              expect(few.samples).toBeClose(Array(rows).fill(1), { atol: 1e-5 });
              const many = sums(sinkhornKnopp(logits, 0.3, { iterations: 200 }));
              expect(many.prototypes).toBeClose(Array(k).fill(rows / k), { atol: 1e-3 });
            });
          },
        ),
        { numRuns: 20 },
      );
    }));

  it('is uniform for one sample and for equal logits', () =>
    scope(() => {
      for (const logits of [logitsOf(1, 4), zeros([3, 4])]) {
        const q = toFloat32Array(sinkhornKnopp(logits, 0.04));
        expect(q).toBeClose(Array(q.length).fill(0.25), { atol: 1e-6 });
      }
    }));

  it('needs the subtraction of the largest logit only where the exponential overflows', () =>
    scope(() => {
      const logits = logitsOf(6, 5);
      const [plain, shifted] = [false, true].map((subtractMax) =>
        toFloat32Array(sinkhornKnopp(logits, 0.05, { subtractMax })),
      );
      expect(shifted!).toBeClose(plain!, { atol: 1e-6 });
      const large = addScalar(logits, 4);
      expect(toFloat32Array(sinkhornKnopp(large, 0.05)).some(Number.isNaN)).toBe(true);
      const kept = sums(sinkhornKnopp(large, 0.05, { subtractMax: true }));
      expect(kept.samples).toBeClose(Array(6).fill(1), { atol: 1e-5 });
    }));

  it('takes no samples', () =>
    scope(() => {
      for (const subtractMax of [false, true])
        expect(sinkhornKnopp(zeros([0, 4]), 0.05, { subtractMax }).shape).toEqual([0, 4]);
    }));

  it('sums over the processes that hold the other samples', () => {
    scope(() => {
      const logits = logitsOf(7, 5);
      const whole = toFloat32Array(sinkhornKnopp(logits, 0.1, { subtractMax: true }));
      const parts = [narrow(logits, 0, 0, 3), narrow(logits, 0, 3, 4), narrow(logits, 0, 0, 0)];
      const results = simulateGroup(parts, (part, reducer) =>
        toFloat32Array(sinkhornKnopp(part, 0.1, { subtractMax: true, reducer })),
      );
      expect(results.flatMap((values) => [...values])).toBeClose(whole, { atol: 1e-6 });
    });
  });

  it('refuses anything but a matrix', () =>
    scope(() => {
      expect(() => sinkhornKnopp(zeros([2, 3, 4]), 0.1)).toThrow(ShapeError);
      expect(() => sinkhornKnopp(zeros([2, 3, 4]), 0.1)).toThrow(
        'Sinkhorn-Knopp: needed logits [N, K], found [2, 3, 4]',
      );
    }));
});

describe('softmax centering', () => {
  it('subtracts the centre and moves it by the mean of the logits', () =>
    scope(() => {
      const logits = tensor(Float32Array.of(1, 3, 3, 5), [2, 2]);
      const centre = tensor(Float32Array.of(0, 2), [2]);
      expect(toFloat32Array(softmaxCentered(logits, centre, 0.5))).toBeClose([0.5, 0.5, 0.5, 0.5], {
        atol: 1e-6,
      });
      expect(toFloat32Array(nextCentre(centre, [rowSum(logits)], 0.9))).toBeClose([0.2, 2.2], { atol: 1e-6 });
      expect(toFloat32Array(centre)).toEqual(Float32Array.of(0, 2));
    }));

  it('weighs every row alike over micro-batches and stays without rows', () =>
    scope(() => {
      const centre = tensor(Float32Array.of(1), [1]);
      const parts = [
        rowSum(tensor(Float32Array.of(4), [1, 1])),
        rowSum(tensor(Float32Array.of(1, 1, 1), [3, 1])),
        rowSum(zeros([0, 1])),
      ];
      expect(toFloat32Array(nextCentre(centre, parts, 0))).toBeClose([7 / 4], { atol: 1e-6 });
      expect(toFloat32Array(nextCentre(centre, [rowSum(zeros([0, 1]))], 0.5))).toEqual(Float32Array.of(1));
    }));
});
