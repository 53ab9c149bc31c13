/** The selective scan's kernel against its composed form. */
import { describe, expect, it } from 'vitest';
import {
  full,
  noGrad,
  scope,
  selectiveScan,
  selectiveScanComposed,
  type Tensor,
  toFloat32Array,
} from '../../src/tensor/index.ts';
import {
  type Call,
  expectGradientsByDifferences,
  expectSameForms,
  type Input,
  type View,
} from '../support/compare-forms.ts';

interface Case {
  readonly batch?: number;
  readonly length: number;
  readonly channels: number;
  readonly states?: number;
  readonly view?: View;
  readonly softplus?: boolean;
  /** Which of D, z and delta_bias are given. */
  readonly given?: readonly ('D' | 'z' | 'deltaBias')[];
}

const ALL = ['D', 'z', 'deltaBias'] as const;

function inputsOf({
  batch = 2,
  length,
  channels,
  states = 16,
  view = 'dense',
  softplus = true,
  given = ALL,
}: Case): Input[] {
  const rows = [batch, length, channels];
  const delta: Input = softplus
    ? { shape: rows, view, draw: (rng) => rng.normal(-1, 2) }
    : { shape: rows, view, draw: (rng) => rng.uniform(0, 1) };
  return [
    { shape: rows, view },
    delta,
    {
      shape: [channels, states],
      view: view === 'dense' ? 'dense' : 'swapped',
      draw: (rng) => -rng.uniform(0.02, 3),
    },
    { shape: [batch, length, states], view },
    { shape: [batch, length, states], view },
    ...given.map((name): Input => (name === 'z' ? { shape: rows, view } : { shape: [channels] })),
  ];
}

function callOf(scan: typeof selectiveScan, { softplus = true, given = ALL }: Case): Call {
  return (u, delta, A, B, C, ...rest) => {
    const named = Object.fromEntries(given.map((name, i) => [name, rest[i]])) as Record<string, Tensor>;
    return scan(u!, delta!, A!, B!, C!, { ...named, deltaSoftplus: softplus });
  };
}

const CASES: readonly Case[] = [
  ...[1, 2, 3, 4, 5, 63, 64, 65, 257].map((length) => ({ length, channels: 17 })),
  ...[1, 3, 16, 33, 64, 70, 129].map((channels) => ({ length: 9, channels })),
  ...[1, 2, 5, 15, 32].map((states) => ({ length: 66, channels: 20, states })),
  { length: 7, channels: 24, batch: 5, softplus: false },
  { length: 130, channels: 24, given: [] },
  { length: 11, channels: 10, given: ['D'] },
  { length: 11, channels: 10, given: ['deltaBias'] },
  { length: 11, channels: 10, given: ['z'], softplus: false },
  { length: 70, channels: 19, view: 'slice' },
  { length: 70, channels: 19, view: 'swapped' },
  { length: 70, channels: 19, view: 'expanded' },
  { length: 5, channels: 1, states: 1, view: 'slice' },
];

describe('selective scan', () => {
  it.each(CASES)('kernel equals composed form: %o', (one) => {
    expectSameForms(callOf(selectiveScan, one), callOf(selectiveScanComposed, one), inputsOf(one));
  });

  it('has exact gradients in its composed form', () => {
    const one = { batch: 1, length: 4, channels: 2, states: 3 };
    expectGradientsByDifferences(callOf(selectiveScanComposed, one), inputsOf(one));
  });

  it('is linear above 20 in softplus and keeps relative accuracy far below 0', () => {
    noGrad(() =>
      scope(() => {
        const scan = (delta: number): number => {
          const one = (shape: number[], v: number): Tensor => full(shape, v, { dtype: 'float32' });
          const y = selectiveScan(
            one([1, 1, 1], 1),
            one([1, 1, 1], delta),
            one([1, 1], -1),
            one([1, 1, 1], 1),
            one([1, 1, 1], 1),
            { deltaSoftplus: true },
          );
          return toFloat32Array(y)[0]!;
        };
        for (const delta of [20.5, 30, 80]) expect(scan(delta)).toBe(Math.fround(delta));
        for (const delta of [-60, -20, -5, -0.1, 0, 0.1, 5, 19.9]) {
          const expected = Math.log1p(Math.exp(-Math.abs(delta))) + Math.max(delta, 0);
          expect(Math.abs(scan(delta) / expected - 1), `softplus(${delta})`).toBeLessThan(4e-7);
        }
      }),
    );
  });
});
