import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MvHybrid, Vit } from '../../../src/backbones/index.ts';
import { Rng } from '../../../src/core/rng.ts';
import { ShapeError, UsageError } from '../../../src/errors.ts';
import {
  blockSpectra,
  formatBlockSpectra,
  SpectrumSum,
  tokenGrid,
} from '../../../src/eval/frequency/index.ts';
import {
  noGrad,
  scope,
  setThreads,
  tensor,
  tensorCount,
  threadCount,
  toFloat64Array,
} from '../../../src/tensor/index.ts';
import { readEvalGolden } from '../../support/paths.ts';

// Matrices this small only lose by a second thread, most of all on a busy machine.
const threads = threadCount();
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

interface GoldenCase {
  shape: [number, number, number, number];
  x: number[];
  relative_log_amplitude: number[];
  freq: number[];
  log_amp_map: number[][];
  radial: { edges: number[]; bin_mean_power: number[]; bin_count: number[]; low_fraction: number };
}
const { note: _, ...golden } = readEvalGolden<Record<string, GoldenCase> & { note: never }>('fourier');
const atol = 1e-9;

describe.each(Object.entries(golden))('%s against numpy', (_, want) => {
  function spectrum(parts: readonly [number, number][]): SpectrumSum {
    const [, c, h, w] = want.shape;
    const sum = new SpectrumSum(h);
    for (const [from, to] of parts) {
      const part = want.x.slice(from * c * h * w, to * c * h * w);
      scope(() => sum.add(tensor(Float64Array.from(part), [to - from, c, h, w])));
    }
    return sum;
  }

  it('profile, map and radial power', () => {
    const before = tensorCount();
    const sum = spectrum([[0, want.shape[0]]]);
    const found = sum.result();
    expect(tensorCount()).toBe(before);
    expect(found.relativeLogAmplitude).toBeClose(want.relative_log_amplitude, { atol });
    expect(found.frequency).toBeClose(want.freq, { atol: 1e-15 });
    expect(sum.logAmplitudeMap()).toBeClose(want.log_amp_map.flat(), { atol });
    expect(found.radial.edges).toBeClose(want.radial.edges, { atol: 1e-15 });
    expect(found.radial.meanPower).toBeClose(want.radial.bin_mean_power, { atol: 1e-9 });
    expect(found.radial.count).toEqual(want.radial.bin_count);
    expect(found.radial.lowFraction).toBeCloseTo(want.radial.low_fraction, 12);
    expect(found.maps).toBe(want.shape[0] * want.shape[1]);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  it('batches make no difference', () => {
    const whole = spectrum([[0, 2]]).result();
    expect(
      spectrum([
        [0, 1],
        [1, 2],
      ]).result().relativeLogAmplitude,
    ).toBeClose(whole.relativeLogAmplitude, {
      atol: 1e-12,
    });
  });
});

describe('spectra by hand', () => {
  /** One map: cos(2 pi (u r + v c) / side). */
  function wave(side: number, u: number, v: number): Float64Array {
    return Float64Array.from({ length: side * side }, (_, i) =>
      Math.cos((2 * Math.PI * (u * Math.floor(i / side) + v * (i % side))) / side),
    );
  }
  function radial(side: number, values: Float64Array) {
    const sum = new SpectrumSum(side);
    scope(() => sum.add(tensor(values, [1, 1, side, side])));
    return sum.result().radial;
  }

  it('a grating has its power in its own ring', () => {
    // Two lines of power (side^2 / 2)^2 at distance 5 = |(3, 4)|.
    const { meanPower, count, lowFraction } = radial(16, wave(16, 3, 4));
    expect(meanPower[5]! * count[5]!).toBeCloseTo(2 * 128 ** 2, 6);
    expect(meanPower.reduce((sum, p, i) => sum + p * count[i]!, 0)).toBeCloseTo(2 * 128 ** 2, 6);
    expect(lowFraction).toBeCloseTo(0, 12);
    expect(radial(16, wave(16, 0, 2)).lowFraction).toBeCloseTo(1, 12);
  });

  it('total power is the variance (Parseval), for odd sides too', () => {
    const rng = new Rng(3);
    const values = Float64Array.from({ length: 81 }, () => rng.normal(5, 2));
    const mean = values.reduce((sum, v) => sum + v, 0) / 81;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    const { meanPower, count } = radial(9, values);
    expect(count.reduce((a, b) => a + b)).toBe(81);
    expect(meanPower.reduce((sum, p, i) => sum + p * count[i]!, 0) / 81).toBeCloseTo(variance, 8);
  });

  it('constant maps have no share of low frequencies', () => {
    expect(radial(4, new Float64Array(16).fill(3)).lowFraction).toBeNull();
  });

  it('unusable maps are refused', () => {
    const sum = new SpectrumSum(4);
    scope(() => {
      expect(() => sum.add(tensor(new Float64Array(15), [1, 1, 3, 5]))).toThrow(ShapeError);
      expect(() => sum.add(tensor(new Float64Array(16), [4, 4]))).toThrow(ShapeError);
    });
    expect(() => sum.result()).toThrow(ShapeError);
    expect(() => new SpectrumSum(1)).toThrow(ShapeError);
  });
});

describe('tokens as maps', () => {
  // Tokens 0..4 of a 2 x 2 grid with a class token, width 2: value 10 * token + channel.
  const sequence = (order: number[]) => Float64Array.from(order.flatMap((t) => [10 * t, 10 * t + 1]));
  const maps = [0, 10, 20, 30, 1, 11, 21, 31];

  it.each([
    ['first', [9, 0, 1, 2, 3]],
    ['middle', [0, 1, 9, 2, 3]],
    ['none', [0, 1, 2, 3]],
  ] as const)('class token %s', (place, order) => {
    const before = tensorCount();
    scope(() => {
      const grid = tokenGrid(tensor(sequence([...order]), [1, order.length, 2]), place);
      expect(grid.shape).toEqual([1, 2, 2, 2]);
      expect([...toFloat64Array(grid)]).toEqual(maps);
    });
    expect(tensorCount()).toBe(before);
  });

  it('that fill no square are refused', () => {
    scope(() => {
      expect(() => tokenGrid(tensor(new Float64Array(10), [1, 5, 2]), 'none')).toThrow(ShapeError);
      expect(() => tokenGrid(tensor(new Float64Array(2), [1, 1, 2]), 'first')).toThrow(ShapeError);
    });
  });
});

describe('blocks of a backbone', () => {
  const images = () => {
    const rng = new Rng('images');
    return [0, 1].map(() =>
      tensor(
        Float32Array.from({ length: 2 * 3 * 64 * 64 }, () => rng.normal()),
        [2, 3, 64, 64],
      ),
    );
  };

  it('are measured one by one, as their tokens say', () => {
    const before = tensorCount();
    const model = new MvHybrid({ width: 32, depth: 4, heads: 2 }).initialize(3);
    scope(() => {
      const batches = images();
      const found = blockSpectra(model, batches, 'middle');
      const own = new SpectrumSum(4);
      for (const batch of batches) {
        noGrad(() =>
          model.forward(batch, {
            onBlock: (index, sequence) => {
              if (index === 2) own.add(tokenGrid(sequence, 'middle'));
            },
          }),
        );
      }
      expect(found.blocks[2]!.spectrum).toEqual(own.result());
      expect(found.blocks.map(({ block }) => block)).toEqual([0, 1, 2, 3]);
      expect(found.card).toMatchObject({
        settings: { backbone: 'mv-hybrid', classToken: 'middle', side: 4 },
        counts: { images: 4, blocks: 4, maps: 128 },
      });
      const table = formatBlockSpectra(found);
      expect(table.columns.map((c) => c.header)).toEqual(['block', 'f 1.00', 'low share']);
      expect(table.rows).toHaveLength(4);
      expect(() => blockSpectra(model, [], 'middle')).toThrow(UsageError);
    });
    model.dispose();
    expect(tensorCount()).toBe(before);
  });

  it('of a ViT, whose class token comes first', () => {
    const model = new Vit({ width: 32, depth: 2, heads: 2, imagePx: 64 }).initialize(3);
    scope(() => {
      expect(blockSpectra(model, images(), 'first').blocks).toHaveLength(2);
      expect(() => blockSpectra(model, images(), 'none')).toThrow(ShapeError);
    });
    model.dispose();
  });
});
