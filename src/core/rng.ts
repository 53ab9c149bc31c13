/**
 * Seeded random numbers in plain JavaScript, for everything that is not a tensor: splits, generated
 * cohorts, bootstrap. Same seed, same stream, on every machine.
 */

/** 32-bit FNV-1a over the UTF-8 bytes of a string; turns names into seeds. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Small fast counter generator (sfc32, 128-bit state): uniform 32-bit words.
 *
 * @source Chris Doty-Humphrey, PractRand.
 */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any number or string; strings are hashed with {@link fnv1a}. */
  constructor(seed: number | string) {
    const word = typeof seed === 'string' ? fnv1a(seed) : seed >>> 0;
    this.#a = word;
    this.#b = fnv1a(`b${word}`);
    this.#c = fnv1a(`c${word}`);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** Another generator that goes on from the same place. */
  clone(): Rng {
    const twin = new Rng(0);
    twin.#a = this.#a;
    twin.#b = this.#b;
    twin.#c = this.#c;
    twin.#counter = this.#counter;
    return twin;
  }

  /** Uniform integer in [0, 2^32). */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Uniform number in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 4294967296);
  }

  /** Uniform integer in [low, high], both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** Normal number (Box-Muller, one draw per call). */
  normal(mean = 0, std = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + std * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Poisson integer: inversion for small means, a rounded normal above 50. */
  poisson(mean: number): number {
    if (mean > 50) return Math.max(0, Math.round(this.normal(mean, Math.sqrt(mean))));
    const limit = Math.exp(-mean);
    let k = 0;
    for (let p = this.uniform(); p > limit; p *= this.uniform()) k++;
    return k;
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}
