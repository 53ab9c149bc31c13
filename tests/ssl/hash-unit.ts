import { fnv1a } from '../../src/core/rng.ts';

/** Number `i` in [0, 1) of the golden files' stream for `name`. */
export function hashUnit(name: string, i: number): number {
  let x = (Math.imul(i, 0x9e3779b1) + fnv1a(name)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
}
