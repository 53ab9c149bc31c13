/** Stain normalisation by mean and spread of colours. */
import { UsageError } from '../../errors.ts';
import { labFromRgb, rgbFromLab } from './lab.ts';
import { invert, type Matrix3, multiply, toBytes, type Vector3 } from './linear.ts';

/** `lab` is CIELAB; `lms` is the decorrelated logarithmic cone space of the original publication. */
export type ReinhardSpace = 'lab' | 'lms';

/** Colour statistics of a picture in one space. */
export interface ReinhardFit {
  readonly space: ReinhardSpace;
  readonly mean: Vector3;
  /** Population standard deviation. */
  readonly std: Vector3;
}

interface ColourSpace {
  readonly from: (r: number, g: number, b: number) => Vector3;
  /** Values from 0 to 255 where the colour exists. */
  readonly to: (x: number, y: number, z: number) => Vector3;
}

const LMS_FROM_RGB: Matrix3 = [0.3811, 0.5783, 0.0402, 0.1967, 0.7244, 0.0782, 0.0241, 0.1288, 0.8444];
const RGB_FROM_LMS = invert(LMS_FROM_RGB);
const [A, B, C] = [1 / Math.sqrt(3), 1 / Math.sqrt(6), 1 / Math.sqrt(2)];
const OPPONENT: Matrix3 = [A, A, A, B, B, -2 * B, C, -C, 0];
const FROM_OPPONENT = invert(OPPONENT);

const SPACES: Readonly<Record<ReinhardSpace, ColourSpace>> = {
  lab: { from: labFromRgb, to: rgbFromLab },
  lms: {
    // Black has no logarithm; the darkest value that counts is 1.
    from: (r, g, b) => {
      const cones = multiply(LMS_FROM_RGB, [Math.max(1, r), Math.max(1, g), Math.max(1, b)]);
      return multiply(OPPONENT, [Math.log(cones[0]), Math.log(cones[1]), Math.log(cones[2])]);
    },
    to: (x, y, z) => {
      const cones = multiply(FROM_OPPONENT, [x, y, z]);
      const rgb = multiply(RGB_FROM_LMS, [Math.exp(cones[0]), Math.exp(cones[1]), Math.exp(cones[2])]);
      const clamp = (value: number) => Math.min(255, Math.max(0, value));
      return [clamp(rgb[0]), clamp(rgb[1]), clamp(rgb[2])];
    },
  },
};

/**
 * Mean and spread of the colours of a picture.
 *
 * @param pixels RGB8, 3 bytes per pixel; with as much glass as the pictures that will be normalised.
 * @throws UsageError for an empty picture or an unknown space.
 * @source Reinhard et al. 2001.
 */
export function fitReinhard(pixels: Uint8Array, space: ReinhardSpace = 'lab'): ReinhardFit {
  const colours = SPACES[space] as ColourSpace | undefined;
  const n = pixels.length / 3;
  if (colours === undefined || n < 1) {
    throw new UsageError('fitReinhard', { need: 'pixels and the space lab or lms', found: `${n}, ${space}` });
  }
  const values = new Float64Array(pixels.length);
  const mean: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < pixels.length; i += 3) {
    const value = colours.from(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!);
    for (let c = 0; c < 3; c++) {
      values[i + c] = value[c]!;
      mean[c]! += value[c]! / n;
    }
  }
  const variance: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) variance[i % 3]! += (values[i]! - mean[i % 3]!) ** 2 / n;
  return { space, mean, std: [Math.sqrt(variance[0]), Math.sqrt(variance[1]), Math.sqrt(variance[2])] };
}

/**
 * The picture with mean and spread of `target`, 0 to 255, before rounding. A channel without spread only
 * moves to the target's mean.
 *
 * @throws UsageError if the two fits are of different spaces.
 */
export function reinhardColours(pixels: Uint8Array, source: ReinhardFit, target: ReinhardFit): Float64Array {
  if (source.space !== target.space) {
    throw new UsageError('normalizeReinhard', {
      need: 'source and target fitted in one colour space',
      found: `${source.space} and ${target.space}`,
    });
  }
  const { from, to } = SPACES[source.space];
  const gain = source.std.map((std, c) => (std > 0 ? target.std[c]! / std : 0));
  const out = new Float64Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    const value = from(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!);
    const moved = (c: 0 | 1 | 2) => (value[c] - source.mean[c]) * gain[c]! + target.mean[c];
    out.set(to(moved(0), moved(1), moved(2)), i);
  }
  return out;
}

/** RGB8 form of {@link reinhardColours}. */
export function normalizeReinhard(pixels: Uint8Array, source: ReinhardFit, target: ReinhardFit): Uint8Array {
  return toBytes(reinhardColours(pixels, source, target));
}
