/** The depthwise convolution's kernel against its composed form. */
import { describe, it } from 'vitest';
import { depthwiseConv1d, depthwiseConv1dComposed } from '../../src/tensor/index.ts';
import {
  type Call,
  expectGradientsByDifferences,
  expectSameForms,
  type Input,
  type View,
} from '../support/compare-forms.ts';

interface Case {
  readonly length: number;
  readonly channels: number;
  readonly taps?: number;
  readonly padLeft?: number;
  readonly silu?: boolean;
  readonly bias?: boolean;
  readonly view?: View;
}

function inputsOf({ length, channels, taps = 4, bias = true, view = 'dense' }: Case): Input[] {
  return [
    { shape: [3, length, channels], view },
    { shape: [channels, taps], view: view === 'dense' ? 'dense' : 'swapped' },
    ...(bias ? [{ shape: [channels] }] : []),
  ];
}

function callOf(conv: typeof depthwiseConv1d, { padLeft = 1, silu = true }: Case): Call {
  return (x, weight, bias) => conv(x!, weight!, { bias, padLeft, silu });
}

const CASES: readonly Case[] = [
  ...[1, 2, 3, 4, 5, 63, 64, 65, 257].map((length) => ({ length, channels: 18 })),
  ...[1, 7, 16, 31, 128, 130, 260].map((channels) => ({ length: 6, channels })),
  ...[1, 2, 3, 5, 7, 8].map((taps) => ({
    length: 10,
    channels: 20,
    taps,
    padLeft: Math.floor((taps - 1) / 2),
  })),
  ...[0, 2, 3].map((padLeft) => ({ length: 10, channels: 20, padLeft })),
  { length: 3, channels: 20, taps: 7, padLeft: 6 },
  { length: 9, channels: 20, silu: false },
  { length: 9, channels: 20, bias: false },
  { length: 9, channels: 20, bias: false, silu: false, taps: 66, padLeft: 30 },
  ...(['slice', 'swapped', 'expanded'] as const).map((view) => ({ length: 65, channels: 21, view })),
];

describe('depthwise convolution', () => {
  it.each(CASES)('kernel equals composed form: %o', (one) => {
    expectSameForms(callOf(depthwiseConv1d, one), callOf(depthwiseConv1dComposed, one), inputsOf(one));
  });

  it('has exact gradients in its composed form', () => {
    const one = { length: 5, channels: 2 };
    expectGradientsByDifferences(callOf(depthwiseConv1dComposed, one), inputsOf(one));
  });
});
