import { Rng } from '../core/rng.ts';

/**
 * Random numbers of one purpose in one step of one process. Streams depend on these names alone, so a resumed run
 * draws what the uninterrupted one would have, whatever was prefetched before.
 *
 * @param purpose e.g. `masks`.
 */
export function stepRandom(seed: number, purpose: string, step: number, rank = 0): Rng {
  return new Rng(`${seed}/${purpose}/${step}/${rank}`);
}
