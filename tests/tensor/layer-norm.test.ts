/** Layer normalisation: the kernel, which runs without gradients, against libtorch's in float64; the activation after a product. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  layerNorm,
  layerNormComposed,
  linear,
  narrow,
  noGrad,
  scope,
  setThreads,
  tensor,
  threadCount,
  toFloat32Array,
  toFloat64Array,
  transpose,
} from '../../src/tensor/index.ts';

const normals = (count: number, seed: string, scale = 1, shift = 0): Float32Array => {
  const rng = new Rng(seed);
  return Float32Array.from({ length: count }, () => shift + scale * rng.normal());
};

describe('layerNorm without gradients', () => {
  it.each([
    { rows: 1, width: 1 },
    { rows: 3, width: 7 },
    { rows: 5, width: 16 },
    { rows: 129, width: 50 },
    { rows: 300, width: 384 },
    { rows: 2, width: 1000 },
  ])('is what float64 gives: %o', ({ rows, width }) => {
    scope(() =>
      noGrad(() => {
        // A mean far from zero, where a sum of squares less the squared mean would lose everything.
        const parts = [normals(rows * width, 'x', 1, 100), normals(width, 'w'), normals(width, 'b')];
        const shapes = [[rows, width], [width], [width]];
        const wide = parts.map((part, i) => tensor(Float64Array.from(part), shapes[i]!));
        const narrowed = parts.map((part, i) => tensor(part, shapes[i]!));
        const exact = toFloat64Array(layerNormComposed(wide[0]!, wide[1]!, wide[2]!, 1e-5));
        const before = threadCount();
        for (const threads of [1, 2]) {
          setThreads(threads);
          const found = toFloat32Array(layerNorm(narrowed[0]!, narrowed[1]!, narrowed[2]!, 1e-5));
          expect(found).toBeClose(exact, { atol: 3e-5 });
        }
        setThreads(before);
      }),
    );
  });

  it('takes rows that lie apart or the other way round', () => {
    scope(() =>
      noGrad(() => {
        const [stored, weight, bias] = [
          tensor(normals(4 * 12, 'x'), [4, 12]),
          tensor(normals(4, 'w'), [4]),
          tensor(normals(4, 'b'), [4]),
        ];
        for (const x of [narrow(stored, 1, 3, 4), transpose(stored, 0, 1)]) {
          const exact = toFloat32Array(layerNormComposed(x, weight, bias, 1e-6));
          expect(toFloat32Array(layerNorm(x, weight, bias, 1e-6))).toBeClose(exact, { atol: 1e-6 });
        }
      }),
    );
  });
});

describe('GELU after a product', () => {
  it('is exact within 3e-7 of its argument, and keeps what is not a number', () => {
    scope(() =>
      noGrad(() => {
        const x = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 200);
        const identity = tensor(new Float32Array([1]), [1, 1]);
        const found = toFloat32Array(linear(tensor(x, [4001, 1]), identity, { activation: 'gelu' }));
        const exact = toFloat64Array(
          linear(tensor(Float64Array.from(x), [4001, 1]), tensor(new Float64Array([1]), [1, 1]), {
            activation: 'gelu',
          }),
        );
        for (const [i, value] of found.entries()) {
          expect(Math.abs(value - exact[i]!), `of ${x[i]}`).toBeLessThanOrEqual(
            3e-7 * Math.max(1, Math.abs(x[i]!)),
          );
        }
        const odd = new Float32Array([Number.NaN, Infinity, 1e30, -1e30]);
        expect([...toFloat32Array(linear(tensor(odd, [4, 1]), identity, { activation: 'gelu' }))]).toEqual([
          Number.NaN,
          Infinity,
          Math.fround(1e30),
          0,
        ]);
      }),
    );
  });
});
