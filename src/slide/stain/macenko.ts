/** Stain normalisation by the two stain colours of a picture. */
import { DataError } from '../../errors.ts';
import { eigenvectors, type Matrix3, percentile, toBytes, type Vector3 } from './linear.ts';

/** Light of empty glass. */
const GLASS = 240;
/** Pixels with less optical density in any channel are glass. */
const MIN_DENSITY = 0.15;
/** Robust extremes: this percentile and its counterpart. */
const EXTREME_PERCENT = 1;
/** Fewer stained pixels give no stable colours. */
const MIN_PIXELS = 30;

/** Stain colours of a picture. */
export interface MacenkoFit {
  /** Optical density in red, green and blue per unit of stain, unit length. */
  readonly haematoxylin: Vector3;
  readonly eosin: Vector3;
  /** 99th percentile of the amounts of each stain over all pixels. */
  readonly maxHaematoxylin: number;
  readonly maxEosin: number;
}

const DENSITY = Float64Array.from({ length: 256 }, (_, value) => -Math.log((value + 1) / GLASS));

/**
 * Finds the two stain colours: the stained pixels' optical densities are projected on their two main axes, and
 * the extreme directions in that plane are the stains. Haematoxylin is the one with more density in red.
 *
 * @param pixels RGB8, 3 bytes per pixel: a patch, or pixels from all over a slide (steadier).
 * @throws DataError if fewer than 30 pixels are stained, or all in one colour.
 * @source Macenko et al. 2009.
 */
export function fitMacenko(pixels: Uint8Array): MacenkoFit {
  const stained = stainedDensities(pixels);
  const plane = mainPlane(stained);
  const angles = new Float64Array(stained.length / 3);
  for (let i = 0; i < angles.length; i++) {
    const at = (axis: Vector3) =>
      stained[3 * i]! * axis[0] + stained[3 * i + 1]! * axis[1] + stained[3 * i + 2]! * axis[2];
    angles[i] = Math.atan2(at(plane[1]), at(plane[0]));
  }
  const direction = (angle: number): Vector3 => {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const along = (c: 0 | 1 | 2) => plane[0][c] * cos + plane[1][c] * sin;
    return [along(0), along(1), along(2)];
  };
  const low = direction(percentile(angles, EXTREME_PERCENT));
  const high = direction(percentile(angles, 100 - EXTREME_PERCENT));
  const [haematoxylin, eosin] = low[0] > high[0] ? [low, high] : [high, low];
  const amounts = stainAmounts(pixels, { haematoxylin, eosin });
  const maxHaematoxylin = percentile(amounts.haematoxylin, 99);
  const maxEosin = percentile(amounts.eosin, 99);
  // Parallel stain colours make the amounts infinite.
  if (maxHaematoxylin > 0 && maxEosin > 0 && Number.isFinite(maxHaematoxylin + maxEosin))
    return { haematoxylin, eosin, maxHaematoxylin, maxEosin };
  throw new DataError('fitMacenko', {
    need: 'two different stains',
    found: 'stained pixels of a single colour',
    next: 'fit on a patch that shows nuclei and stroma, or on the whole slide',
  });
}

function stainedDensities(pixels: Uint8Array): Float64Array {
  const out = new Float64Array(pixels.length);
  let to = 0;
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [DENSITY[pixels[i]!]!, DENSITY[pixels[i + 1]!]!, DENSITY[pixels[i + 2]!]!];
    if (r < MIN_DENSITY || g < MIN_DENSITY || b < MIN_DENSITY) continue;
    out[to++] = r;
    out[to++] = g;
    out[to++] = b;
  }
  if (to >= 3 * MIN_PIXELS) return out.subarray(0, to);
  throw new DataError('fitMacenko', {
    need: `at least ${MIN_PIXELS} stained pixels`,
    found: `${to / 3} of ${pixels.length / 3}`,
    next: 'fit on a patch that shows tissue, or on the whole slide',
  });
}

/** The two main axes of the densities, first entries positive. */
function mainPlane(densities: Float64Array): readonly [Vector3, Vector3] {
  const n = densities.length / 3;
  const mean = [0, 0, 0];
  for (let i = 0; i < densities.length; i++) mean[i % 3]! += densities[i]! / n;
  const m = new Float64Array(9);
  for (let i = 0; i < densities.length; i += 3) {
    for (let r = 0; r < 3; r++) {
      for (let c = 0; c < 3; c++)
        m[3 * r + c]! += ((densities[i + r]! - mean[r]!) * (densities[i + c]! - mean[c]!)) / (n - 1);
    }
  }
  const [first, second] = eigenvectors([...m] as unknown as Matrix3);
  const forwards = (v: Vector3): Vector3 => (v[0] < 0 ? [-v[0], -v[1], -v[2]] : v);
  return [forwards(first), forwards(second)];
}

/** Amounts of the two stains per pixel, by least squares. */
export function stainAmounts(
  pixels: Uint8Array,
  { haematoxylin: h, eosin: e }: Pick<MacenkoFit, 'haematoxylin' | 'eosin'>,
): { haematoxylin: Float64Array; eosin: Float64Array } {
  const dot = (a: Vector3, b: Vector3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const [hh, he, ee] = [dot(h, h), dot(h, e), dot(e, e)];
  const det = hh * ee - he * he;
  const n = pixels.length / 3;
  const amounts = { haematoxylin: new Float64Array(n), eosin: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    const density: Vector3 = [
      DENSITY[pixels[3 * i]!]!,
      DENSITY[pixels[3 * i + 1]!]!,
      DENSITY[pixels[3 * i + 2]!]!,
    ];
    const [ph, pe] = [dot(h, density), dot(e, density)];
    amounts.haematoxylin[i] = (ee * ph - he * pe) / det;
    amounts.eosin[i] = (hh * pe - he * ph) / det;
  }
  return amounts;
}

/**
 * The picture in the stain colours and strengths of `target`, before rounding.
 *
 * @param source fit of the picture itself, or of its slide.
 * @returns      values from 0 upwards; {@link normalizeMacenko} clamps them to bytes.
 */
export function macenkoColours(pixels: Uint8Array, source: MacenkoFit, target: MacenkoFit): Float64Array {
  const amounts = stainAmounts(pixels, source);
  const gainH = target.maxHaematoxylin / source.maxHaematoxylin;
  const gainE = target.maxEosin / source.maxEosin;
  const out = new Float64Array(pixels.length);
  for (let i = 0; i < amounts.eosin.length; i++) {
    const h = gainH * amounts.haematoxylin[i]!;
    const e = gainE * amounts.eosin[i]!;
    for (let c = 0; c < 3; c++)
      out[3 * i + c] = GLASS * Math.exp(-(h * target.haematoxylin[c]! + e * target.eosin[c]!));
  }
  return out;
}

/** RGB8 form of {@link macenkoColours}. */
export function normalizeMacenko(pixels: Uint8Array, source: MacenkoFit, target: MacenkoFit): Uint8Array {
  return toBytes(macenkoColours(pixels, source, target));
}
