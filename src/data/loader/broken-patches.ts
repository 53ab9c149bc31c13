/** Patches that could not be read: counted, listed, and too many of them end the run. */
import { DataError } from '../../errors.ts';

export interface BrokenPatch {
  /** Place in the source. */
  readonly sample: number;
  /** Its name in the source. */
  readonly id: string;
  readonly reason: string;
}

/** How many unreadable patches are put up with: `share` of all, but never fewer than `atLeast`. */
export interface BrokenLimit {
  /** Default 0.05. */
  readonly share?: number;
  /** Default 10. */
  readonly atLeast?: number;
}

/** The largest number of unreadable patches out of `count` that does not end the run. */
export function brokenAllowance(count: number, { share = 0.05, atLeast = 10 }: BrokenLimit = {}): number {
  return Math.max(atLeast, Math.floor(share * count));
}

/** The error that ends a run. */
export function tooManyBroken(broken: readonly BrokenPatch[], allowance: number, count: number): DataError {
  const named = broken.slice(0, 3).map(({ reason }) => reason);
  return new DataError('load patches', {
    need: `at most ${allowance} unreadable patches of ${count}`,
    found: `${broken.length}: ${named.join('; ')}${broken.length > 3 ? '; ...' : ''}`,
    next: 'repair or remove them, or raise the limit',
  });
}

/** The list of a run, each patch once. */
export class BrokenPatches {
  readonly #found = new Map<number, BrokenPatch>();
  readonly #allowance: number;
  readonly #count: number;

  constructor(allowance: number, count: number) {
    this.#allowance = allowance;
    this.#count = count;
  }

  /** In the order of discovery. */
  get list(): readonly BrokenPatch[] {
    return [...this.#found.values()];
  }

  /** @throws DataError when there are now too many. */
  add(broken: readonly BrokenPatch[]): void {
    for (const patch of broken) {
      if (!this.#found.has(patch.sample)) this.#found.set(patch.sample, patch);
    }
    if (this.#found.size > this.#allowance) throw tooManyBroken(this.list, this.#allowance, this.#count);
  }
}
