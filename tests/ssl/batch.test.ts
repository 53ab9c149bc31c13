import { afterEach, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { ShapeError } from '../../src/errors.ts';
import { type CollateOptions, type Crops, collapseStatistics, collate } from '../../src/ssl/index.ts';
import { scope, tensor, tensorCount, toFloat32Array, toFloat64Array } from '../../src/tensor/index.ts';

afterEach(() => expect(tensorCount()).toBe(0));

const OPTIONS: CollateOptions = {
  globalPx: 8,
  localPx: 4,
  patchPx: 2,
  mask: { probability: 0.5, ratio: [0.3, 0.6] },
  imageDtype: 'float32',
};

/** Crops whose every value tells image and view. */
function crops(image: number, locals = 3): Crops {
  const filled = (side: number, value: number): Float32Array => new Float32Array(3 * side * side).fill(value);
  return {
    global: [0, 1].map((view) => filled(8, 100 * image + view)),
    local: Array.from({ length: locals }, (_, view) => filled(4, 100 * image + 10 + view)),
  };
}

describe('collate', () => {
  it('stacks view by view', () =>
    scope(() => {
      const batch = collate([crops(1), crops(2)], OPTIONS, new Rng(1));
      expect(batch.globalCrops.shape).toEqual([4, 3, 8, 8]);
      expect(batch.localCrops!.shape).toEqual([6, 3, 4, 4]);
      const firsts = (values: Float32Array, length: number): number[] =>
        Array.from({ length: values.length / length }, (_, i) => values[i * length]!);
      expect(firsts(toFloat32Array(batch.globalCrops), 192)).toEqual([100, 200, 101, 201]);
      expect(firsts(toFloat32Array(batch.localCrops!), 48)).toEqual([110, 210, 111, 211, 112, 212]);
    }));

  it('masks half of the global crops and says where', () =>
    scope(() => {
      const { mask, maskedPositions, maskedWeights } = collate([crops(1), crops(2)], OPTIONS, new Rng(1));
      expect([mask.dtype, ...mask.shape]).toEqual(['bool', 4, 16]);
      const bits = toFloat32Array(mask);
      const positions = Array.from(toFloat64Array(maskedPositions));
      expect(positions).toEqual(Array.from(bits.keys()).filter((i) => bits[i] === 1));
      expect(new Set(positions.map((p) => Math.floor(p / 16))).size).toBe(2);
      expect(toFloat32Array(maskedWeights).reduce((sum, w) => sum + w, 0)).toBeCloseTo(2, 5);
    }));

  it('rounds images to half precision when asked to', () =>
    scope(() => {
      const image = crops(0, 0);
      image.global[0]!.fill(1 + 2 ** -12);
      image.global[1]!.fill(1 + 2 ** -10);
      const half = collate([image], { ...OPTIONS, imageDtype: 'float16' }, new Rng(1));
      expect(half.globalCrops.dtype).toBe('float16');
      expect(new Set(toFloat32Array(half.globalCrops))).toEqual(new Set([1, 1 + 2 ** -10]));
      expect(half.localCrops).toBeUndefined();
    }));

  it.each<[string, Crops[], string]>([
    ['no image', [], 'collate: needed at least one image with 2 global crops, found no image'],
    ['one global crop', [{ ...crops(1), global: crops(1).global.slice(1) }], 'found 1 global crops'],
    ['images with different crops', [crops(1), crops(2, 2)], 'needed 3 local crops of 3 x 4 x 4 values'],
    ['crops of another size', [{ ...crops(1), local: crops(1).global }], 'found lengths 192, 192 in image 0'],
  ])('refuses %s', (_, images, message) => {
    expect(() => scope(() => collate(images, OPTIONS, new Rng(1)))).toThrow(ShapeError);
    expect(() => scope(() => collate(images, OPTIONS, new Rng(1)))).toThrow(message);
  });
});

describe('collapseStatistics', () => {
  const of = (rows: number[][]) =>
    scope(() => collapseStatistics(tensor(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length])));

  it('is 1 and the number of directions for features that fill them evenly', () => {
    // +-e1, +-e2, +-e3: mean 0, every channel's variance 1/3, three equal singular values.
    const axes = [0, 1, 2].flatMap((axis) =>
      [2, -5].map((sign) => [0, 1, 2].map((channel) => (channel === axis ? sign : 0))),
    );
    expect(of(axes)).toEqual({ spread: expect.closeTo(1, 5), effectiveRank: expect.closeTo(3, 4) });
  });

  it('sees one direction only', () => {
    const line = of([
      [1, 0],
      [1, 0],
      [-1, 0],
      [-1, 0],
    ]);
    expect(line).toEqual({ spread: expect.closeTo(Math.SQRT1_2, 5), effectiveRank: expect.closeTo(1, 5) });
  });

  it('is 0 when all features are equal', () => {
    expect(of(Array(5).fill([0.3, 0.7, -0.2]))).toEqual({ spread: expect.closeTo(0, 5), effectiveRank: 0 });
  });
});
