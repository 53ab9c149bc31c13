/** The dense products (linear, per-block linear) against their composed forms. */
import { describe, expect, it } from 'vitest';
import {
  backward,
  blockLinear,
  blockLinearComposed,
  clearGradient,
  copyInto,
  gradientOf,
  linear,
  linearComposed,
  noGrad,
  scope,
  sumAll,
  tensor,
  toFloat32Array,
} from '../../src/tensor/index.ts';
import {
  expectGradientsByDifferences,
  expectSameForms,
  type Input,
  type View,
  values,
} from '../support/compare-forms.ts';

interface Case {
  readonly rows: readonly number[];
  readonly inputs: number;
  readonly outputs: number;
  readonly bias?: boolean;
  readonly activation?: 'none' | 'gelu' | 'relu';
  readonly view?: View;
}

function inputsOf({ rows, inputs, outputs, bias = true, view = 'dense' }: Case): Input[] {
  return [
    { shape: [...rows, inputs], view },
    { shape: [outputs, inputs], view: view === 'dense' ? 'dense' : 'swapped' },
    ...(bias ? [{ shape: [outputs] }] : []),
  ];
}

const LINEAR: readonly Case[] = [
  ...[1, 2, 3, 5, 63, 64, 65, 257].map((n) => ({ rows: [2, n], inputs: 17, outputs: 19 })),
  ...[1, 2, 15, 16, 24, 56, 385].map((inputs) => ({ rows: [33], inputs, outputs: 9 })),
  ...[1, 2, 15, 16, 24, 56, 385].map((outputs) => ({ rows: [33], inputs: 9, outputs })),
  { rows: [], inputs: 7, outputs: 3 },
  // Results are computed in pieces of rows, of columns, or of both.
  { rows: [3], inputs: 40, outputs: 1100 },
  { rows: [130], inputs: 70, outputs: 800, activation: 'gelu' },
  { rows: [600], inputs: 30, outputs: 520, bias: false },
  { rows: [1050], inputs: 50, outputs: 60 },
  { rows: [2, 3, 4], inputs: 7, outputs: 3 },
  { rows: [40], inputs: 30, outputs: 20, bias: false },
  ...(['gelu', 'relu'] as const).flatMap((activation) => [
    { rows: [40], inputs: 30, outputs: 20, activation },
    { rows: [40], inputs: 30, outputs: 20, activation, bias: false },
  ]),
  ...(['slice', 'swapped', 'expanded'] as const).flatMap((view) => [
    { rows: [6], inputs: 7, outputs: 5, view },
    { rows: [6], inputs: 1, outputs: 5, view },
    { rows: [3, 6], inputs: 7, outputs: 5, view },
    { rows: [3, 1], inputs: 7, outputs: 5, view },
    { rows: [1, 6], inputs: 7, outputs: 5, view },
  ]),
];

describe('linear', () => {
  it.each(LINEAR)('kernel equals composed form: %o', (one) => {
    const activation = one.activation ?? 'none';
    expectSameForms(
      (x, w, bias) => linear(x!, w!, { bias, activation }),
      (x, w, bias) => linearComposed(x!, w!, { bias, activation }),
      inputsOf(one),
    );
  });

  it('has exact gradients in its composed form', () => {
    expectGradientsByDifferences(
      (x, w, bias) => linearComposed(x!, w!, { bias, activation: 'gelu' }),
      inputsOf({ rows: [3], inputs: 4, outputs: 2 }),
    );
  });

  it('takes a gradient that is one number repeated, as a sum gives it', () => {
    scope(() => {
      const x = tensor(
        Float32Array.from({ length: 6 }, (_, i) => i),
        [3, 2],
      );
      const w = tensor(Float32Array.of(2, 3), [1, 2]);
      for (const leaf of [x, w]) leaf.requiresGrad = true;
      backward(sumAll(linear(x, w)));
      expect(values(gradientOf(x)!)).toEqual([2, 3, 2, 3, 2, 3]);
      expect(values(gradientOf(w)!)).toEqual([0 + 2 + 4, 1 + 3 + 5]);
      for (const leaf of [x, w]) clearGradient(leaf);
    });
  });

  it('sees a weight that changes after its packed copy was made', () => {
    scope(() => {
      // Small whole numbers: every sum is exact, in any order.
      const x = tensor(
        Float32Array.from({ length: 64 * 40 }, (_, i) => ((7 * i) % 11) - 5),
        [64, 40],
      );
      const w = tensor(
        Float32Array.from({ length: 48 * 40 }, (_, i) => ((5 * i) % 7) - 3),
        [48, 40],
      );
      w.requiresGrad = true;
      const both = (): readonly Float32Array[] =>
        noGrad(() => [toFloat32Array(linear(x, w)), toFloat32Array(linearComposed(x, w))]);
      const [before] = both();
      expect(both()[0]).toEqual(before);
      noGrad(() =>
        copyInto(
          w,
          tensor(
            Float32Array.from({ length: 48 * 40 }, (_, i) => i % 3),
            [48, 40],
          ),
        ),
      );
      const [kernel, composed] = both();
      expect(kernel).not.toEqual(before);
      expect(kernel).toEqual(composed);
    });
  });
});

interface BlockCase {
  readonly blocks?: number;
  readonly rows: number;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly activation?: 'none' | 'relu' | 'softshrink';
  readonly view?: View;
}

const BLOCKS: readonly BlockCase[] = [
  ...(['none', 'relu', 'softshrink'] as const).flatMap((activation) =>
    [1, 2, 5, 65, 514].map((rows) => ({ rows, activation })),
  ),
  { blocks: 1, rows: 9, inputs: 1, outputs: 1 },
  { blocks: 3, rows: 9, inputs: 5, outputs: 30 },
  ...(['slice', 'swapped', 'expanded'] as const).map((view) => ({ rows: 12, view })),
];

describe('linear map per block', () => {
  it.each(BLOCKS)(
    'kernel equals composed form: %o',
    ({ blocks = 4, rows, inputs = 18, outputs = 14, activation = 'none', view = 'dense' }) => {
      const options = { activation, threshold: 0.4 };
      expectSameForms(
        (x, w, b) => blockLinear(x!, w!, b!, options),
        (x, w, b) => blockLinearComposed(x!, w!, b!, options),
        [
          { shape: [blocks, rows, inputs], view },
          { shape: [blocks, inputs, outputs], view: view === 'dense' ? 'dense' : 'swapped' },
          { shape: [blocks, outputs] },
        ],
      );
    },
  );

  it('has exact gradients in its composed form', () => {
    expectGradientsByDifferences(
      (x, w, b) => blockLinearComposed(x!, w!, b!, { activation: 'softshrink', threshold: 0.4 }),
      [{ shape: [2, 3, 2] }, { shape: [2, 2, 2] }, { shape: [2, 2] }],
    );
  });
});
