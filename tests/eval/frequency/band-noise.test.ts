import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShapeError, UsageError } from '../../../src/errors.ts';
import {
  addNoise,
  type Band,
  bandNoise,
  bandNoiseAblation,
  formatBandAblation,
  octaveBands,
  SpectrumSum,
} from '../../../src/eval/frequency/index.ts';
import { scope, setThreads, tensor, tensorCount, threadCount } from '../../../src/tensor/index.ts';

// Matrices this small only lose by a second thread, most of all on a busy machine.
const threads = threadCount();
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

const side = 32;

/** Share of a picture's power per ring of {@link SpectrumSum}. */
function rings(noise: Float64Array): number[] {
  const sum = new SpectrumSum(side);
  scope(() => sum.add(tensor(noise, [1, 3, side, side])));
  const { meanPower, count } = sum.result().radial;
  const power = meanPower.map((p, i) => p * count[i]!);
  const total = power.reduce((a, b) => a + b);
  return power.map((p) => p / total);
}

describe('band noise', () => {
  it('has power in its band alone, the asked strength and no mean', () => {
    const before = tensorCount();
    const noise = bandNoise({ side, rms: 12, seed: 3 }, { low: 4 / 32, high: 8 / 32 });
    expect(tensorCount()).toBe(before);
    const shares = rings(noise);
    expect(shares.slice(4, 8).reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    expect(shares.slice(4, 8).every((share) => share > 0.05)).toBe(true);
    expect(Math.sqrt(noise.reduce((sum, v) => sum + v * v, 0) / noise.length)).toBeCloseTo(12, 10);
    expect(noise.reduce((sum, v) => sum + v, 0)).toBeCloseTo(0, 8);
  });

  it('repeats with its seed and differs between channels', () => {
    const band = { low: 0.1, high: 0.3 };
    const noise = bandNoise({ side, rms: 1, seed: 'a' }, band);
    expect(bandNoise({ side, rms: 1, seed: 'a' }, band)).toEqual(noise);
    expect(bandNoise({ side, rms: 1, seed: 'b' }, band)).not.toEqual(noise);
    expect(noise.slice(0, side * side)).not.toEqual(noise.slice(side * side, 2 * side * side));
  });

  it('octave bands part all frequencies but 0', () => {
    const bands = octaveBands(side, 4);
    expect(bands.map((b) => b.low)).toBeClose([1 / 32, 2 / 32, 4 / 32, 8 / 32], { atol: 1e-15 });
    expect(bands.slice(1).map((b) => b.low)).toEqual(bands.slice(0, -1).map((b) => b.high));
    const kept = bands.map((band) =>
      rings(bandNoise({ side, rms: 1, seed: 1 }, band)).map((share) => share > 1e-20),
    );
    // Rings 1 to 16 each lie in one band.
    for (let ring = 1; ring <= 16; ring++) expect(kept.filter((mask) => mask[ring]).length).toBe(1);
    expect(() => octaveBands(2, 3)).toThrow(UsageError);
  });

  it('refuses bands between the grid frequencies', () => {
    expect(() => bandNoise({ side, rms: 1, seed: 1 }, { low: 0.001, high: 0.002 })).toThrow(
      /steps of 0\.0313/,
    );
    expect(() => bandNoise({ side, rms: 1, seed: 1 }, { low: 0, high: 0.01 })).toThrow(UsageError);
  });
});

describe('noisy pictures', () => {
  it('are rounded, cut at 0 and 255, and say how much was cut', () => {
    // One pixel per side would have no frequency: 2 x 2 with noise by hand, channel by channel.
    const rgb = Uint8Array.from([0, 100, 250, 10, 100, 255, 20, 100, 3, 30, 100, 4]);
    const noise = Float64Array.from([-3, 3, 0.4, 0.6, 1, 1, 1, 1, 10, 0, -1, -5]);
    expect(addNoise(rgb, noise)).toEqual({
      rgb: Uint8Array.from([0, 101, 255, 13, 101, 255, 20, 101, 2, 31, 101, 0]),
      clipped: 3,
    });
    expect(() => addNoise(rgb, new Float64Array(3))).toThrow(ShapeError);
  });
});

describe('ablation', () => {
  /** Patches that carry a number in the strength of a fine grating, on a coarse one of fixed strength. */
  const strengths = Array.from({ length: 40 }, (_, i) => 10 + i / 2);
  const patches = strengths.map((s) => {
    const values = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % side;
      return Math.round(
        128 + s * Math.cos((2 * Math.PI * 12 * x) / side) + 20 * Math.cos((2 * Math.PI * x) / side),
      );
    });
    return values;
  });
  /** Correlation of the number with the amplitude read at the fine grating's frequency. */
  function correlation(alter: (rgb: Uint8Array, index: number) => Uint8Array): number {
    const read = patches.map((rgb, i) => {
      const noisy = alter(rgb, i);
      let sum = 0;
      for (let p = 0; p < side * side; p++)
        sum += noisy[3 * p]! * Math.cos((2 * Math.PI * 12 * (p % side)) / side);
      return sum;
    });
    const mean = (v: readonly number[]) => v.reduce((a, b) => a + b, 0) / v.length;
    const [a, b] = [mean(strengths), mean(read)];
    const dot = (f: (i: number) => number) => strengths.reduce((sum, _, i) => sum + f(i), 0);
    const cross = dot((i) => (strengths[i]! - a) * (read[i]! - b));
    return cross / Math.sqrt(dot((i) => (strengths[i]! - a) ** 2) * dot((i) => (read[i]! - b) ** 2));
  }
  // Narrow bands around the coarse and the fine grating, and one between them.
  const bands: Band[] = [
    { low: 1 / 32, high: 2 / 32 },
    { low: 5 / 32, high: 6 / 32 },
    { low: 12 / 32, high: 12.01 / 32 },
  ];
  const options = { side, bands, rms: 30, seed: 5, metric: 'PCC' };

  it('finds the band that a score rests on', async () => {
    const result = await bandNoiseAblation(correlation, options);
    expect(result.baseline).toBeGreaterThan(0.99);
    expect(result.bands.map((b) => b.change! < -0.1)).toEqual([false, false, true]);
    expect(result.bands[2]!.changePercent).toBeCloseTo(
      (100 * result.bands[2]!.change!) / result.baseline!,
      12,
    );
    expect(result.card).toMatchObject({
      counts: { patches: 40, bands: 3 },
      seeds: { noise: 5 },
      settings: { rms: 30, side: 32, mpp: null },
      undefinedValues: [],
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('gives a patch its noise whatever the order', async () => {
    const seen: Uint8Array[][] = [];
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
    ]) {
      const own: Uint8Array[] = [];
      await bandNoiseAblation(
        (alter, band) => {
          for (const i of order) if (band !== undefined) own[i] = alter(patches[i]!, i);
          return 0;
        },
        { ...options, bands: bands.slice(0, 1) },
      );
      seen.push(own);
    }
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]![0]).not.toEqual(seen[0]![1]);
  });

  it('passes on scores that are not defined', async () => {
    const result = await bandNoiseAblation((_, band) => (band === undefined ? 0 : Number.NaN), {
      ...options,
      bands: bands.slice(0, 1),
    });
    expect(result.bands[0]).toMatchObject({
      value: null,
      change: null,
      changePercent: null,
      clippedShare: 0,
    });
    expect(result.card.undefinedValues).toEqual([
      'the measurement altered no patch',
      'PCC of the clean patches is 0: no relative changes',
      'PCC with noise of 0.03125 to 0.0625 cycles per pixel is not defined',
    ]);
  });

  it('names bands in cycles per um where the pixel size is known', async () => {
    const result = await bandNoiseAblation(correlation, { ...options, mpp: 0.5 });
    const table = formatBandAblation(result);
    expect(table.columns[0]!.header).toBe('noise (cycles/um)');
    expect(table.rows[1]![0]).toBe('0.0625 to 0.125');
    expect(table.rows.map((row) => row.length)).toEqual([5, 5, 5, 5]);
    expect(formatBandAblation({ ...result, mpp: null }).rows[1]![0]).toBe('0.0313 to 0.0625');
  });

  it('refuses bad settings before it measures, and stops when asked', async () => {
    let calls = 0;
    const measure = () => calls++;
    await expect(bandNoiseAblation(measure, { ...options, bands: [] })).rejects.toThrow(UsageError);
    await expect(bandNoiseAblation(measure, { ...options, rms: 0 })).rejects.toThrow(UsageError);
    await expect(bandNoiseAblation(measure, { ...options, bands: [{ low: 2, high: 3 }] })).rejects.toThrow(
      UsageError,
    );
    expect(calls).toBe(0);
    const stop = new AbortController();
    const late = () => {
      stop.abort();
      return 1;
    };
    await expect(bandNoiseAblation(late, { ...options, signal: stop.signal })).rejects.toThrow(/abort/i);
  });
});
