/** Which patch comes when: an endless stream of passes over the data, each shuffled anew. */
import { Rng } from '../../core/rng.ts';

/** A patch and how many complete passes came before it. */
export interface OrderedSample {
  readonly pass: number;
  readonly sample: number;
}

/**
 * Position p of the stream belongs to pass floor(p / count); within a pass every patch comes once. Any position is found
 * without going through those before it. Nothing is dropped: a batch may end one pass and begin the next.
 */
export class SampleOrder {
  readonly #count: number;
  readonly #seed: number;
  #pass = -1;
  #permutation: Uint32Array = new Uint32Array(0);

  constructor(count: number, seed: number) {
    this.#count = count;
    this.#seed = seed;
  }

  at(position: number): OrderedSample {
    const pass = Math.floor(position / this.#count);
    if (pass !== this.#pass) {
      this.#permutation = shuffled(this.#count, this.#seed, pass);
      this.#pass = pass;
    }
    return { pass, sample: this.#permutation[position - pass * this.#count]! };
  }
}

/** 0 .. count - 1 in the random order of one pass (Fisher-Yates). */
function shuffled(count: number, seed: number, pass: number): Uint32Array {
  const rng = new Rng(`${seed}/order/${pass}`);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.integer(0, i);
    const moved = order[i]!;
    order[i] = order[j]!;
    order[j] = moved;
  }
  return order;
}
