/** The quasi-separable kernel against its composed form. */
import { describe, expect, it } from 'vitest';
import { quasiSeparable, quasiSeparableComposed, scope, zeros } from '../../src/tensor/index.ts';
import {
  expectGradientsByDifferences,
  expectSameForms,
  type Input,
  type View,
} from '../support/compare-forms.ts';

interface Case {
  readonly batch?: number;
  readonly length: number;
  readonly heads?: number;
  readonly width?: number;
  readonly groups?: number;
  readonly states?: number;
  readonly chunk?: number;
  readonly view?: View;
}

function inputsOf(given: Case): Input[] {
  const { batch = 2, length, heads = 2, width = 16, groups = 1, states = 16, view = 'dense' } = given;
  const pairs = { shape: [batch, length, 2, groups, states], view };
  return [
    { shape: [batch, length, heads, width], view },
    { shape: [batch, length, 2, heads], draw: (rng) => 0.5 * rng.uniform() + 0.01 },
    { shape: [heads], draw: (rng) => -2 * rng.uniform() },
    pairs,
    pairs,
  ];
}

const CASES: readonly Case[] = [
  // One chunk: around the rows formed at a time (48) and the vector width.
  ...[1, 2, 3, 15, 16, 17, 47, 48, 49, 97, 257].map((length) => ({ length })),
  // Chunks: equal, a short last one, of one token.
  ...[1, 5, 8, 16, 21, 32, 50].map((chunk) => ({ length: 61, chunk })),
  ...[1, 3, 15, 17, 40].flatMap((width) => [
    { length: 19, width },
    { length: 19, width, chunk: 6 },
  ]),
  ...[1, 3, 15, 17, 40].flatMap((states) => [
    { length: 19, states },
    { length: 19, states, chunk: 6 },
  ]),
  ...[1, 2, 3, 6].map((groups) => ({ length: 23, heads: 6, groups, width: 5, states: 3, chunk: 7 })),
  // More heads than tasks per group, not a multiple of them.
  { batch: 3, length: 12, heads: 11, width: 4, states: 4, chunk: 5 },
  ...(['slice', 'swapped', 'expanded'] as const).flatMap((view) => [
    { length: 50, view },
    { length: 50, view, groups: 2, chunk: 16 },
  ]),
];

describe('quasi-separable product', () => {
  it.each(CASES)('kernel equals composed form: %o', (given) => {
    const chunk = given.chunk ?? given.length;
    expectSameForms(
      (x, dt, a, b, c) => quasiSeparable(x!, dt!, a!, b!, c!, chunk),
      (x, dt, a, b, c) => quasiSeparableComposed(x!, dt!, a!, b!, c!, chunk),
      inputsOf(given),
      // The gradient of A sums terms of both signs over all pairs of tokens.
      { out: 3e-6, gradient: given.length > 100 ? 5e-5 : 1e-5 },
    );
  });

  it.each([4, 7])('has exact gradients in its composed form, chunks of %i', (chunk) => {
    expectGradientsByDifferences(
      (x, dt, a, b, c) => quasiSeparableComposed(x!, dt!, a!, b!, c!, chunk),
      inputsOf({ batch: 1, length: 7, width: 2, states: 3, groups: 2 }),
    );
  });

  it('takes an empty batch', () => {
    scope(() => {
      const empty = zeros([0, 5, 2, 3], { dtype: 'float32' });
      const pairs = zeros([0, 5, 2, 1, 4], { dtype: 'float32' });
      const steps = zeros([0, 5, 2, 2], { dtype: 'float32' });
      const rate = zeros([2], { dtype: 'float32' });
      expect(quasiSeparable(empty, steps, rate, pairs, pairs, 4).shape).toEqual([0, 5, 2, 3]);
    });
  });

  it.each([
    [[2, 5, 2, 3], [2, 5, 2, 3], [2], [2, 5, 2, 1, 4], 4, 'steps must be [2, 5, 2, 2], got [2, 5, 2, 3]'],
    [[2, 5, 2, 3], [2, 5, 2, 2], [3], [2, 5, 2, 1, 4], 4, 'rate must be [2], got [3]'],
    [[2, 5, 2, 3], [2, 5, 2, 2], [2], [2, 5, 2, 3, 4], 4, 'groups that divide 2 heads, got [2, 5, 2, 3, 4]'],
    [[2, 5, 2, 3], [2, 5, 2, 2], [2], [2, 5, 2, 1, 4], 0, 'chunks must have at least one token, got 0'],
  ])(
    'refuses values %j, steps %j, rate %j, keys %j, chunk %i',
    (values, steps, rate, keys, chunk, message) => {
      scope(() => {
        const make = (shape: number[]) => zeros(shape, { dtype: 'float32' });
        expect(() =>
          quasiSeparable(make(values), make(steps), make(rate), make(keys), make(keys), chunk),
        ).toThrow(message);
      });
    },
  );
});
