/** An ordered stream of patches that are read while the consumer works. */
import { UsageError } from '../errors.ts';

/** One patch of a stream. */
export interface Patch {
  /** Position in the list that was passed. */
  readonly index: number;
  /** RGB8, row-major [sizePx, sizePx, 3]. */
  readonly pixels: Uint8Array;
}

/** Options of patch streams. */
export interface ReadPatchesOptions {
  /** Patches being read while the consumer works; default 4 (the size of Node's thread pool). */
  readonly concurrency?: number;
  /** Stops the stream: the next step throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Yields patches 0 to count - 1 in order, with up to `concurrency` of them being read. Leaving the loop early
 * waits for those that have begun.
 *
 * @throws UsageError if `concurrency` is no positive integer; whatever `read` throws, at its place.
 */
export async function* readAhead(
  count: number,
  read: (index: number) => Promise<Uint8Array>,
  { concurrency = 4, signal }: ReadPatchesOptions = {},
): AsyncGenerator<Patch, void, undefined> {
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new UsageError('readPatches', {
      need: 'concurrency as a positive integer',
      found: `${concurrency}`,
    });
  }
  const pending: Promise<Uint8Array>[] = [];
  let next = 0;
  const start = () => {
    for (; next < count && pending.length < concurrency; next++) {
      const reading = read(next);
      // The error is thrown when its turn comes; until then it must not count as unhandled.
      reading.catch(() => undefined);
      pending.push(reading);
    }
  };
  try {
    for (let index = 0; index < count; index++) {
      signal?.throwIfAborted();
      start();
      const pixels = await pending.shift()!;
      start();
      yield { index, pixels };
    }
  } finally {
    // The consumer may close the image right after leaving the loop.
    await Promise.allSettled(pending);
  }
}
