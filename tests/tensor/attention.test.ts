/** The attention kernel against its composed form. */
import { describe, expect, it } from 'vitest';
import {
  attention,
  attentionComposed,
  mulScalar,
  noGrad,
  scope,
  tensor,
  toFloat32Array,
} from '../../src/tensor/index.ts';
import { expectGradientsByDifferences, expectSameForms, type View } from '../support/compare-forms.ts';

interface Case {
  readonly batch?: number;
  readonly length: number;
  readonly heads?: number;
  readonly headDim?: number;
  readonly view?: View;
}

const CASES: readonly Case[] = [
  ...[1, 2, 3, 4, 5, 47, 48, 49, 63, 64, 65, 257].map((length) => ({ length, headDim: 16 })),
  ...[1, 3, 8, 17, 20, 64, 72].map((headDim) => ({ length: 19, headDim })),
  ...[1, 5].map((heads) => ({ length: 19, heads, headDim: 24 })),
  // One tile holds 384 keys; a second one of a few, and more than two.
  ...[384, 385, 400, 800].map((length) => ({ batch: 1, length, heads: 1, headDim: 20 })),
  ...(['slice', 'swapped', 'expanded'] as const).map((view) => ({ length: 50, headDim: 18, view })),
];

describe('attention', () => {
  it.each(CASES)(
    'kernel equals composed form: %o',
    ({ batch = 2, length, heads = 2, headDim = 16, view = 'dense' }) => {
      expectSameForms(
        (qkv) => attention(qkv!, heads),
        (qkv) => attentionComposed(qkv!, heads),
        [{ shape: [batch, length, 3 * heads * headDim], view }],
      );
    },
  );

  it('has exact gradients in its composed form', () => {
    expectGradientsByDifferences((qkv) => attentionComposed(qkv!, 2), [{ shape: [1, 4, 12] }]);
  });

  it('stays finite where scores are far beyond what exp can hold', () => {
    noGrad(() =>
      scope(() => {
        const qkv = tensor(
          Float32Array.from({ length: 30 * 24 }, (_, i) => Math.sin(i)),
          [1, 30, 24],
        );
        const large = mulScalar(qkv, 100);
        const [got, expected] = [attention(large, 2), attentionComposed(large, 2)].map((t) =>
          toFloat32Array(t),
        );
        expect(got!.every(Number.isFinite)).toBe(true);
        expect(got).toBeClose(expected!, { rtolOfMax: 1e-3 });
      }),
    );
  });
});
