import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { blockMask, drawMasks, type MaskRandom, stepRandom } from '../../src/ssl/index.ts';
import { readGolden } from '../support/fixtures.ts';
import { goldenPath } from '../support/paths.ts';
import { hashUnit } from './hash-unit.ts';

/** The scripted stream of the golden file: number i is hash(name)[i] / 2^32. */
class Script implements MaskRandom {
  readonly name: string;
  draws = 0;
  constructor(name: string) {
    this.name = name;
  }
  uniform(low: number, high: number): number {
    return low + (high - low) * hashUnit(this.name, this.draws++);
  }
  integer(low: number, high: number): number {
    return low + Math.floor(hashUnit(this.name, this.draws++) * (high - low + 1));
  }
}

interface Case {
  readonly grid: [number, number];
  readonly num_masking_patches: number;
  readonly draws: number;
  readonly masked: number;
}

/** One row of the statistics file: 2000 draws of the reference generator. */
interface Statistics {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly exact_fraction: number;
  readonly corner_prob: number;
  readonly center_prob: number;
  readonly edge_prob: number;
}

const statistics = JSON.parse(readFileSync(goldenPath('model/masking_statistics.json'), 'utf8')) as Record<
  string,
  Statistics
> & { collate_batch64: Record<string, number> };

/** Cells of a 16 x 16 grid as [row, column]: the corners, the middle four, the middle two of each side. */
const PLACES = {
  corner_prob: [0, 15].flatMap((y) => [0, 15].map((x) => [y, x] as const)),
  center_prob: [7, 8].flatMap((y) => [7, 8].map((x) => [y, x] as const)),
  edge_prob: [0, 15].flatMap((end) => [7, 8].flatMap((mid) => [[end, mid] as const, [mid, end] as const])),
};

const count = (mask: ArrayLike<number>): number => Array.from(mask).reduce((n, bit) => n + bit, 0);
const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const centre = mean(values);
  return mean(values.map((v) => (v - centre) ** 2));
};

describe('blockMask', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('equals scripted case %i bit for bit, with as many draws', (k) => {
    const golden = readGolden('masking_scripted');
    const { grid, num_masking_patches, draws, masked } = golden.meta[`case${k}`] as Case;
    const script = new Script(`mask/${k}`);
    const mask = blockMask({ rows: grid[0], columns: grid[1] }, num_masking_patches, script);
    expect(mask).toEqual(golden.get(`mask${k}`).data);
    expect([script.draws, count(mask)]).toEqual([draws, masked]);
  });

  it.each(['3', '25', '51', '76', '102', '128'])(
    'has the statistics of the reference for %s patches',
    (wanted) => {
      const runs = 2000;
      const random = new Rng(`masks/${wanted}`);
      const masks = Array.from({ length: runs }, () =>
        blockMask({ rows: 16, columns: 16 }, Number(wanted), random),
      );
      const counts = masks.map(count);
      const reference = statistics[wanted]!;
      const errors = Math.sqrt((variance(counts) + reference.std ** 2) / runs);
      expect(Math.abs(mean(counts) - reference.mean)).toBeLessThan(4 * errors);
      const exact = counts.filter((n) => n === Number(wanted)).length / runs;
      const proportion = (p: number, n: number): number =>
        4 * Math.sqrt((2 * Math.max(p * (1 - p), 1e-3)) / n);
      expect(Math.abs(exact - reference.exact_fraction)).toBeLessThan(
        proportion(reference.exact_fraction, runs),
      );
      expect(Math.max(...counts)).toBe(reference.max);
      // Cells of one mask hang together, so the masks count, not the cells.
      for (const [place, cells] of Object.entries(PLACES)) {
        const found = mean(masks.map((mask) => mean(cells.map(([y, x]) => mask[y * 16 + x]!))));
        const expected = reference[place as keyof typeof PLACES];
        expect(Math.abs(found - expected), place).toBeLessThan(proportion(expected, runs));
      }
    },
  );

  it('hides at most what is wanted, by rectangles smaller than the grid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 2, max: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer(),
        (rows, columns, share, seed) => {
          const wanted = Math.floor(rows * columns * share);
          const mask = blockMask({ rows, columns }, wanted, new Rng(seed));
          expect(mask.length).toBe(rows * columns);
          expect(mask.every((bit) => bit === 0 || bit === 1)).toBe(true);
          expect(count(mask)).toBeLessThanOrEqual(wanted);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is the same for the same seed', () => {
    const draw = (seed: string): Uint8Array => blockMask({ rows: 16, columns: 16 }, 60, new Rng(seed));
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
  });
});

describe('drawMasks', () => {
  const grid = { rows: 16, columns: 16 };
  const published = { probability: 0.5, ratio: [0.1, 0.5] as const };

  it('has the statistics of the reference collate function', () => {
    const reference = statistics.collate_batch64;
    const random = new Rng('collate');
    const batches = Array.from({ length: 60 }, () => drawMasks(128, grid, published, random));
    const perImage = batches.flatMap(({ mask }) =>
      Array.from({ length: 128 }, (_, i) => count(mask.subarray(i * 256, (i + 1) * 256))),
    );
    const totals = batches.map(({ positions }) => positions.length);
    const errors = Math.sqrt((variance(totals) + reference.n_masked_std! ** 2) / 60);
    expect(Math.abs(mean(totals) - reference.n_masked_mean!)).toBeLessThan(4 * errors);
    expect(perImage.filter((n) => n > 0).length).toBe(60 * reference.masked_images!);
    expect(new Set(batches.map(({ upperBound }) => upperBound))).toEqual(new Set([reference.upperbound]));
    for (const { weights } of batches) {
      expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(reference.masks_weight_sum!, 4);
    }
    const shown = perImage.filter((n) => n > 0);
    expect(Math.min(...shown)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...shown)).toBeLessThanOrEqual(128);
  });

  it('lists the hidden patches in order, each with its share of its image', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (images, seed) => {
        const { mask, positions, weights, upperBound } = drawMasks(images, grid, published, new Rng(seed));
        expect(Array.from(positions)).toEqual(Array.from(mask.keys()).filter((i) => mask[i] === 1));
        expect(positions.length).toBeLessThanOrEqual(upperBound);
        for (const [k, position] of positions.entries()) {
          const image = Math.floor(position / 256);
          const hidden = count(mask.subarray(image * 256, (image + 1) * 256));
          expect(weights[k]).toBeCloseTo(1 / hidden, 6);
        }
        const masked = Array.from({ length: images }, (_, i) => count(mask.subarray(i * 256, (i + 1) * 256)));
        expect(masked.filter((n) => n > 0).length).toBe(Math.floor(images / 2));
      }),
      { numRuns: 30 },
    );
  });

  it('covers the range of ratios evenly and shuffles the masked images', () => {
    const { mask } = drawMasks(40, grid, published, new Rng(3));
    const counts = Array.from({ length: 40 }, (_, i) => count(mask.subarray(i * 256, (i + 1) * 256)));
    const sorted = counts.filter((n) => n > 0).sort((a, b) => a - b);
    for (const [i, hidden] of sorted.entries()) {
      // Slice i asks for 25.6 + 5.12 i up to 5.12 more; a mask may fall short by a few patches.
      expect(hidden).toBeGreaterThanOrEqual(Math.floor(25.6 + 5.12 * i) - 8);
      expect(hidden).toBeLessThanOrEqual(25.6 + 5.12 * (i + 1));
    }
    expect(counts.slice(0, 20).filter((n) => n > 0).length).toBeLessThan(20);
  });

  it('hides nothing with probability 0', () => {
    const { mask, positions, upperBound } = drawMasks(6, grid, { ...published, probability: 0 }, new Rng(1));
    expect([count(mask), positions.length, upperBound]).toEqual([0, 0, 0]);
  });
});

describe('stepRandom', () => {
  it('names its stream by seed, purpose, step and process', () => {
    const first = (...args: Parameters<typeof stepRandom>): number => stepRandom(...args).uint32();
    const all = [
      first(1, 'masks', 5),
      first(2, 'masks', 5),
      first(1, 'crops', 5),
      first(1, 'masks', 6),
      first(1, 'masks', 5, 1),
    ];
    expect(new Set(all).size).toBe(5);
    expect(first(1, 'masks', 5)).toBe(all[0]);
  });
});
