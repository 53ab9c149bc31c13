/** The chunked product against the published matrix and against the definition, written out in float64. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { HydraMixer, type QuasiSeparable, quasiSeparableProduct } from '../../src/nn/index.ts';
import {
  backward,
  clearGradient,
  gradientOf,
  mul,
  noGrad,
  scope,
  sumAll,
  type Tensor,
  tensor,
  tensorCount,
  toFloat32Array,
} from '../../src/tensor/index.ts';
import { readGolden } from '../support/fixtures.ts';
import { goldenTensor } from '../support/golden-module.ts';
import { fillByRecipe } from '../support/recipe.ts';

interface Shape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly width: number;
  readonly groups: number;
  readonly states: number;
}

type Arrays = Readonly<Record<keyof QuasiSeparable, Float32Array>>;

function shapesOf({ batch, length, heads, width, groups, states }: Shape) {
  return {
    values: [batch, length, heads, width],
    steps: [batch, length, 2, heads],
    rate: [heads],
    keys: [batch, length, 2, groups, states],
    queries: [batch, length, 2, groups, states],
  };
}

/** Steps in (0, `longest`), rates in (-2, 0), all else normal. */
function draw(shape: Shape, seed: number, longest = 0.5): Arrays {
  const rng = new Rng(seed);
  const fill = (name: keyof QuasiSeparable): Float32Array => {
    const count = shapesOf(shape)[name].reduce((a, b) => a * b, 1);
    return Float32Array.from({ length: count }, () => {
      if (name === 'steps') return longest * (0.01 + rng.uniform());
      return name === 'rate' ? -2 * rng.uniform() : rng.normal();
    });
  };
  return {
    values: fill('values'),
    steps: fill('steps'),
    rate: fill('rate'),
    keys: fill('keys'),
    queries: fill('queries'),
  };
}

function tensorsOf(arrays: Arrays, shape: Shape): QuasiSeparable {
  const shapes = shapesOf(shape);
  const make = (name: keyof QuasiSeparable): Tensor => {
    const t = tensor(arrays[name], shapes[name]);
    t.requiresGrad = true;
    return t;
  };
  return {
    values: make('values'),
    steps: make('steps'),
    rate: make('rate'),
    keys: make('keys'),
    queries: make('queries'),
  };
}

/** M_ij of one picture and head, from the definition. */
function entry(
  a: Arrays,
  { length, heads, groups, states }: Shape,
  b: number,
  h: number,
  i: number,
  j: number,
): number {
  if (i === j) return 0;
  const direction = i > j ? 0 : 1;
  const group = Math.floor(h / (heads / groups));
  const step = (t: number): number => a.steps[((b * length + t) * 2 + direction) * heads + h]!;
  const row = (t: number): number => (((b * length + t) * 2 + direction) * groups + group) * states;
  const reader = i > j ? i - 1 : i + 1;
  let score = 0;
  for (let n = 0; n < states; n++) score += a.queries[row(reader) + n]! * a.keys[row(j) + n]!;
  let decay = 0;
  for (let t = Math.min(i, j) + 1; t < Math.max(i, j); t++) decay += step(t) * a.rate[h]!;
  return score * step(j) * Math.exp(decay);
}

function product(a: Arrays, shape: Shape): Float64Array {
  const { batch, length, heads, width } = shape;
  const y = new Float64Array(batch * length * heads * width);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < length; i++)
        for (let j = 0; j < length; j++) {
          const m = entry(a, shape, b, h, i, j);
          for (let p = 0; p < width; p++)
            y[((b * length + i) * heads + h) * width + p]! +=
              m * a.values[((b * length + j) * heads + h) * width + p]!;
        }
  return y;
}

/** Result and gradients by every input. */
function run(arrays: Arrays, shape: Shape, chunk: number): Readonly<Record<string, Float32Array>> {
  return scope(() => {
    const input = tensorsOf(arrays, shape);
    const y = quasiSeparableProduct(input, chunk);
    expect(y.shape).toEqual(shapesOf(shape).values);
    const cotangent = tensor(draw(shape, 99).values, y.shape);
    backward(sumAll(mul(y, cotangent)));
    const gradients = Object.entries(input).map(([name, leaf]) => [name, toFloat32Array(gradientOf(leaf)!)]);
    for (const leaf of Object.values(input)) clearGradient(leaf);
    return { y: toFloat32Array(y), ...Object.fromEntries(gradients) };
  });
}

const plain: Shape = { batch: 2, length: 10, heads: 4, width: 3, groups: 1, states: 5 };

describe('quasi-separable product', () => {
  it.each([
    ['one token', { ...plain, length: 1 }, 4],
    ['two tokens', { ...plain, length: 2 }, 4],
    ['one chunk', plain, 16],
    ['equal chunks', { ...plain, length: 12 }, 4],
    ['a last chunk that is not full', { ...plain, length: 17 }, 5],
    ['chunks of one token', { ...plain, length: 5 }, 1],
    ['two groups', { ...plain, groups: 2, length: 11 }, 4],
    ['a group per head', { ...plain, groups: 4, length: 9 }, 4],
    ['one head of one channel', { ...plain, heads: 1, width: 1, states: 1 }, 3],
    ['the sizes of Hydra', { batch: 1, length: 70, heads: 2, width: 64, groups: 1, states: 64 }, 32],
  ] as const)('of %s is the definition', (_, shape, chunk) => {
    const start = tensorCount();
    const arrays = draw(shape, 5);
    const { y } = run(arrays, shape, chunk);
    expect(y!).toBeClose(product(arrays, shape), { rtolOfMax: 1e-5 });
    expect(tensorCount()).toBe(start);
  });

  it.each([1, 2, 4])('has the same gradients in chunks as in one piece, %i groups', (groups) => {
    const shape = { ...plain, length: 23, groups };
    const arrays = draw(shape, 8);
    const whole = run(arrays, shape, 64);
    for (const chunk of [1, 5, 8, 12]) {
      const parts = run(arrays, shape, chunk);
      for (const [name, values] of Object.entries(parts))
        expect(values, `${name}, chunks of ${chunk}`).toBeClose(whole[name]!, { rtolOfMax: 2e-5 });
    }
  });

  it('agrees with finite differences of the definition', () => {
    const shape = { ...plain, batch: 1, length: 7, groups: 2 };
    const arrays = draw(shape, 3);
    const cotangent = draw(shape, 99).values;
    const loss = (a: Arrays): number => product(a, shape).reduce((sum, v, i) => sum + v * cotangent[i]!, 0);
    const gradients = run(arrays, shape, 3);
    for (const name of Object.keys(arrays) as (keyof QuasiSeparable)[]) {
      for (let k = 0; k < arrays[name].length; k += 3) {
        const at = (by: number): number => {
          const moved = arrays[name].slice();
          moved[k]! += by;
          return loss({ ...arrays, [name]: moved });
        };
        const [up, down] = [at(2 ** -8), at(-(2 ** -8))];
        const slope = (up - down) * 2 ** 7;
        expect(Math.abs(gradients[name]![k]! - slope), `${name}[${k}]`).toBeLessThan(
          1e-3 * Math.max(1, Math.abs(slope)),
        );
      }
    }
  });

  it('forgets at once where a step is very long, without overflow', () => {
    const shape = { ...plain, length: 20 };
    const arrays = draw(shape, 4, 400);
    const results = run(arrays, shape, 7);
    expect(results.y!).toBeClose(product(arrays, shape), { rtolOfMax: 1e-5 });
    for (const [name, values] of Object.entries(results))
      expect(values.every(Number.isFinite), name).toBe(true);
  });
});

describe('Hydra', () => {
  it('has the published matrix', () => {
    const golden = readGolden('hydra_matrix_L10');
    const mixer = fillByRecipe(new HydraMixer(16, { states: 8, headWidth: 8 }));
    noGrad(() =>
      scope(() => {
        const x = goldenTensor(readGolden('hydra_L10').get('in.x'));
        expect(toFloat32Array(mixer.matrix(x))).toBeClose(golden.get('M').data, { rtolOfMax: 2e-5 });
      }),
    );
    mixer.dispose();
  });

  it.each([
    [130, 1],
    [257, 2],
  ])('mixes %i tokens by its matrix, %i groups', (length, groups) => {
    const mixer = new HydraMixer(16, { states: 8, headWidth: 8, groups }).initialize(2);
    noGrad(() =>
      scope(() => {
        const x = tensor(draw({ ...plain, length, width: 8, heads: 2 }, 6).values, [2, length, 16]);
        const whole = toFloat32Array(mixer.forward(x));
        const first = toFloat32Array(
          mixer.forward(tensor(toFloat32Array(x).slice(0, length * 16), [1, length, 16])),
        );
        expect(first).toBeClose(whole.slice(0, length * 16), { rtolOfMax: 1e-6 });
        expect(whole.every(Number.isFinite)).toBe(true);
      }),
    );
    mixer.dispose();
  });
});
