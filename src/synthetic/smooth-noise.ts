/** Seeded value noise: smooth random fields that are the same on every machine. */

/** A smooth field over the plane with values in [0, 1] and mean 0.5. */
export type Field = (x: number, y: number) => number;

/**
 * Value noise: independent uniform values on the integer lattice of `(x / scale, y / scale)`, joined
 * by smoothstep interpolation. Only 32-bit integer mixing and +, -, * are used, so results do not depend
 * on the platform's mathematical library.
 *
 * @param seed  32-bit integer.
 * @param scale distance between independent values, in the unit of x and y.
 */
export function valueNoise(seed: number, scale: number): Field {
  return (x, y) => {
    const u = x / scale;
    const v = y / scale;
    const i = Math.floor(u);
    const j = Math.floor(v);
    const s = smooth(u - i);
    const t = smooth(v - j);
    const top = latticeValue(seed, i, j) * (1 - s) + latticeValue(seed, i + 1, j) * s;
    const bottom = latticeValue(seed, i, j + 1) * (1 - s) + latticeValue(seed, i + 1, j + 1) * s;
    return top * (1 - t) + bottom * t;
  };
}

/** Two octaves of {@link valueNoise}, stretched so that low and high values both occur in one section. */
export function patchyNoise(seed: number, scale: number): Field {
  const coarse = valueNoise(seed, scale);
  const fine = valueNoise(seed ^ 0x5bd1e995, scale / 2.3);
  return (x, y) => clamp01(0.5 + 1.5 * (0.7 * coarse(x, y) + 0.3 * fine(x, y) - 0.5));
}

/** Uniform number in [0, 1) that belongs to a lattice point. */
export function latticeValue(seed: number, i: number, j: number): number {
  let h = seed ^ Math.imul(i, 0x27d4eb2d) ^ Math.imul(j, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function ramp(value: number, low: number, high: number): number {
  return smooth(clamp01((value - low) / (high - low)));
}

/** Limits a number to [0, 1]. */
export function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}
