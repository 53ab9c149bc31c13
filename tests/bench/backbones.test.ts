import { describe, expect, it } from 'vitest';
import { formatBackboneSpeeds, growthExponent, measureBackbones } from '../../src/bench/backbones.ts';
import { tensorCount } from '../../src/tensor/index.ts';

describe('backbone speeds', () => {
  it('fits the exponent of a power law', () => {
    const points = [1, 2, 5, 9].map((x) => ({ x, y: 3 * x ** 1.5 }));
    expect(growthExponent(points)).toBeCloseTo(1.5, 12);
  });

  it('measures each size and a batch of the first', () => {
    const start = tensorCount();
    const seen: string[] = [];
    const [speed] = measureBackbones({
      names: ['vit-12'],
      sides: [32, 64],
      batch: 2,
      runs: 1,
      onSize: (name, side) => seen.push(`${name} ${side}`),
    });
    expect(seen).toEqual(['vit-12 32', 'vit-12 64', 'vit-12 32']);
    expect(speed!.times.map(({ tokens, batch }) => [tokens, batch])).toEqual([
      [5, 2],
      [5, 1],
      [17, 1],
    ]);
    for (const { msPerImage } of speed!.times) expect(msPerImage).toBeGreaterThan(0);
    expect(formatBackboneSpeeds([speed!])).toMatch(/vit-12 +time ~ tokens\^-?\d/);
    expect(tensorCount()).toBe(start);
  });
});
