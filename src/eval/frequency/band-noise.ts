/** Noise of chosen spatial frequencies, and how much of a score it costs. */
import { fnv1a } from '../../core/rng.ts';
import { ShapeError, UsageError } from '../../errors.ts';
import {
  fft2,
  Generator,
  ifft2,
  mul,
  normalInto,
  scope,
  select,
  tensor,
  toFloat64Array,
  viewAsReal,
  zeros,
} from '../../tensor/index.ts';

/** Frequencies low <= f < high in cycles per pixel; 1/2 is the highest along an axis, 0.71 along the diagonal. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** Bands of equal width on a log scale, from one cycle per patch to beyond the diagonal's highest frequency. */
export function octaveBands(side: number, bands: number): Band[] {
  if (!(Number.isInteger(side) && side >= 4 && Number.isInteger(bands) && bands >= 1)) {
    throw new UsageError('octave bands', {
      need: 'a side of at least 4 and at least 1 band',
      found: `${side}, ${bands}`,
    });
  }
  const edges = Array.from({ length: bands + 1 }, (_, i) => (side / 2) ** (i / bands) / side);
  return edges.slice(0, -1).map((low, i) => ({ low, high: i === bands - 1 ? 1 : edges[i + 1]! }));
}

/** 1 for the frequencies of a band, frequency 0 never; [side, side]. */
function mask(side: number, { low, high }: Band): Float64Array {
  const wave = (i: number) => (i < (side + 1) / 2 ? i : i - side) / side;
  return Float64Array.from({ length: side * side }, (_, i) => {
    const f = Math.hypot(wave(Math.floor(i / side)), wave(i % side));
    return f > 0 && f >= low && f < high ? 1 : 0;
  });
}

/**
 * White noise with all but one band of frequencies removed, scaled so that its root mean square is exactly `rms`.
 * Its mean is 0. The same side, band and seed give the same noise.
 *
 * @returns [channels, side, side], every channel with noise of its own.
 * @throws UsageError for a band that holds no frequency of this grid.
 */
export function bandNoise(
  { side, channels = 3, rms, seed }: { side: number; channels?: number; rms: number; seed: number | string },
  band: Band,
): Float64Array {
  const kept = mask(side, band);
  if (!kept.includes(1)) {
    throw new UsageError('band noise', {
      need: `a band with frequencies of a ${side} px grid (steps of ${(1 / side).toPrecision(3)} cycles per pixel)`,
      found: `${band.low} to ${band.high}`,
    });
  }
  const generator = new Generator(fnv1a(`${seed}`));
  try {
    return scope(() => {
      const white = normalInto(zeros([channels, side, side], { dtype: 'float64' }), {
        mean: 0,
        std: 1,
        generator,
      });
      const filtered = ifft2(mul(fft2(white), tensor(kept, [side, side])));
      const noise = toFloat64Array(select(viewAsReal(filtered), -1, 0));
      const square = noise.reduce((sum, v) => sum + v * v, 0) / noise.length;
      return noise.map((v) => (v * rms) / Math.sqrt(square));
    });
  } finally {
    generator.dispose();
  }
}

/** An 8-bit picture with noise added. */
export interface NoisyPatch {
  readonly rgb: Uint8Array;
  /** Values cut at 0 or 255: there the noise is smaller than asked for. */
  readonly clipped: number;
}

/**
 * Adds noise to interleaved 8-bit RGB and rounds.
 *
 * @param rgb   side * side * 3 bytes.
 * @param noise [3, side, side] in grey levels, from {@link bandNoise}.
 */
export function addNoise(rgb: Uint8Array, noise: Float64Array): NoisyPatch {
  if (rgb.length !== noise.length) {
    throw new ShapeError('noise', { need: `${noise.length} bytes, three per pixel`, found: `${rgb.length}` });
  }
  const pixels = rgb.length / 3;
  let clipped = 0;
  const noisy = Uint8Array.from(rgb, (value, i) => {
    const sum = Math.round(value + noise[(i % 3) * pixels + Math.floor(i / 3)]!);
    if (sum < 0 || sum > 255) clipped++;
    return Math.min(255, Math.max(0, sum));
  });
  return { rgb: noisy, clipped };
}
