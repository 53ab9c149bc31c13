/** EinFFT's transforms against their composed forms, against each other, and against plain sums. */
import { describe, expect, it } from 'vitest';
import {
  reshape,
  scope,
  tensor,
  toFloat32Array,
  tokenBlockDft,
  tokenBlockDftAdjoint,
  tokenBlockDftAdjointComposed,
  tokenBlockDftComposed,
} from '../../src/tensor/index.ts';
import {
  expectGradientsByDifferences,
  expectSameForms,
  type View,
  values,
} from '../support/compare-forms.ts';

interface Case {
  readonly batch?: number;
  readonly tokens: number;
  readonly blocks?: number;
  readonly width?: number;
  readonly view?: View;
}

const CASES: readonly Case[] = [
  ...[1, 2, 3, 4, 5, 10, 50, 63, 64, 65, 257].map((tokens) => ({ tokens, width: 6 })),
  ...[1, 2, 3, 5, 8].map((blocks) => ({ tokens: 7, blocks, width: 3 })),
  ...[1, 17, 32, 48, 50, 64, 96, 128].map((width) => ({ tokens: 9, width })),
  ...(['slice', 'swapped', 'expanded'] as const).map((view) => ({ tokens: 50, width: 8, view })),
];

describe('transform over tokens and blocks', () => {
  it.each(CASES)(
    'kernel equals composed form: %o',
    ({ batch = 2, tokens, blocks = 4, width = 6, view = 'dense' }) => {
      expectSameForms(
        (x) => tokenBlockDft(x!, blocks),
        (x) => tokenBlockDftComposed(x!, blocks),
        [{ shape: [batch, tokens, blocks * width], view }],
      );
      // Real and imaginary part side by side: 2 * width columns.
      expectSameForms(
        (s) => tokenBlockDftAdjoint(s!, batch),
        (s) => tokenBlockDftAdjointComposed(s!, batch),
        [{ shape: [blocks, batch * tokens, 2 * width], view: view === 'expanded' ? 'dense' : view }],
      );
    },
  );

  it('has exact gradients in its composed forms', () => {
    expectGradientsByDifferences((x) => tokenBlockDftComposed(x!, 2), [{ shape: [1, 3, 4] }]);
    expectGradientsByDifferences((s) => tokenBlockDftAdjointComposed(s!, 1), [{ shape: [2, 3, 4] }]);
  });

  it('is the double sum of its definition', () => {
    scope(() => {
      const [tokens, blocks] = [5, 3];
      const x = Float32Array.from({ length: tokens * blocks }, (_, i) => Math.sin(3 * i + 1));
      const spectrum = values(tokenBlockDft(tensor(x, [1, tokens, blocks]), blocks));
      for (let j = 0; j < blocks; j++)
        for (let k = 0; k < tokens; k++) {
          let [re, im] = [0, 0];
          for (let t = 0; t < tokens; t++)
            for (let b = 0; b < blocks; b++) {
              const angle = -2 * Math.PI * ((k * t) / tokens + (j * b) / blocks);
              re += x[t * blocks + b]! * Math.cos(angle);
              im += x[t * blocks + b]! * Math.sin(angle);
            }
          const at = (j * tokens + k) * 2;
          const scale = Math.sqrt(tokens * blocks);
          expect(spectrum[at]).toBeCloseTo(re / scale, 5);
          expect(spectrum[at + 1]).toBeCloseTo(im / scale, 5);
        }
    });
  });

  it.each([1, 2, 50, 257])('and back gives the signal again (%i tokens)', (tokens) => {
    scope(() => {
      const x = Float32Array.from({ length: 2 * tokens * 24 }, (_, i) => Math.sin(i * i));
      const there = tokenBlockDft(tensor(x, [2, tokens, 24]), 4);
      expect(toFloat32Array(reshape(tokenBlockDftAdjoint(there, 2), [-1]))).toBeClose(x, { rtolOfMax: 2e-6 });
    });
  });
});
