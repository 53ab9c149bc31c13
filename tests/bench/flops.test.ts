/** Operation counts against sums worked out by hand. */
import { describe, expect, it } from 'vitest';
import { attentionFlops, einfftFlops, mvHybridFlops, vitFlops } from '../../src/bench/index.ts';

describe('operation counts', () => {
  it('of attention and EinFFT are those of their products', () => {
    expect(attentionFlops(3, 5)).toBe(2 * (2 * 3 * 3 * 5));
    // Each way two real 3 x 3 products with 8 columns; two layers of 4 blocks, 3 rows, 2 x 2 complex weights.
    expect(einfftFlops(3, 8)).toBe(2 * 2 * (2 * 3 * 3 * 8) + 2 * 4 * 3 * 2 * 2 * 8);
  });

  it('of the paper backbones are about 20.4 and 12.3 GFLOP per 256 px image', () => {
    expect(mvHybridFlops() / 1e9).toBeCloseTo(20.37, 1);
    expect(vitFlops() / 1e9).toBeCloseTo(12.29, 1);
    expect(vitFlops({ depth: 24 }) - vitFlops()).toBeCloseTo(
      12 * (vitFlops({ depth: 1 }) - vitFlops({ depth: 0 })),
    );
  });

  it('of MV_Hybrid count each kind of block', () => {
    const [none, one, two] = [0, 1, 2].map((depth) => mvHybridFlops({ depth }));
    const [L, D] = [257, 384];
    const mixer = 2 * L * D * (2 * D) * 2 + 2 * L * D * 56 + 2 * L * 24 * D;
    expect(one! - none!).toBe(mixer + einfftFlops(L, D));
    expect(two! - one!).toBe(vitFlops({ depth: 1 }) - vitFlops({ depth: 0 }));
    expect(none).toBe(2 * 256 * 768 * 384);
  });
});
