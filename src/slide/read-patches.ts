/** Patches around spots, one at a time or as an ordered stream that reads ahead. */
import sharp from 'sharp';
import { UsageError } from '../errors.ts';
import { enlargeSquare } from './enlarge.ts';
import { type PatchGeometry, type Point, patchRegion } from './patch-geometry.ts';
import type { SlideImage } from './slide-image.ts';

/** One patch of {@link readPatches}. */
export interface Patch {
  /** Position of the spot in the list that was passed. */
  readonly index: number;
  /** RGB8, row-major [sizePx, sizePx, 3]. */
  readonly pixels: Uint8Array;
}

/** Options of {@link readPatches}. */
export interface ReadPatchesOptions {
  /** Patches being read while the consumer works; default 4 (the size of Node's thread pool). */
  readonly concurrency?: number;
  /** Stops the stream: the next step throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the patch around `centre`: RGB8, row-major [sizePx, sizePx, 3], white where it leaves the image.
 *
 * Cut side equal to `sizePx`: rows are copied, no pixel changes. Enlarging is bicubic ({@link enlargeSquare}).
 * Shrinking uses the same cubic kernel widened by the shrink factor, so every source pixel counts and
 * nothing aliases (beyond a factor of 4 libvips lets a box filter go first).
 */
export async function readPatch(
  image: SlideImage,
  centre: Point,
  geometry: PatchGeometry,
): Promise<Uint8Array> {
  const { sidePx, sizePx } = geometry;
  const pixels = await image.readRegion(patchRegion(geometry, centre));
  if (sidePx === sizePx) return pixels;
  if (sidePx < sizePx) return enlargeSquare(pixels, sidePx, sizePx);
  const raw = { width: sidePx, height: sidePx, channels: 3 as const };
  return sharp(pixels, { raw, limitInputPixels: false })
    .resize(sizePx, sizePx, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
}

/**
 * Streams the patches of `spots` in their order. Up to `concurrency` patches are read ahead, so that file
 * access and shrinking (worker threads) overlap with the consumer; no more than that many are held at a time.
 * Enlarging runs on the calling thread, 2 ms a patch.
 *
 * @throws UsageError if `concurrency` is no positive integer; whatever {@link readPatch} throws, at its place.
 */
export async function* readPatches(
  image: SlideImage,
  spots: readonly Point[],
  geometry: PatchGeometry,
  options: ReadPatchesOptions = {},
): AsyncGenerator<Patch, void, undefined> {
  const { concurrency = 4, signal } = options;
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new UsageError('readPatches', {
      need: 'concurrency as a positive integer',
      found: `${concurrency}`,
    });
  }
  const pending: Promise<Uint8Array>[] = [];
  let next = 0;
  const readAhead = () => {
    for (; next < spots.length && pending.length < concurrency; next++) {
      const reading = readPatch(image, spots[next]!, geometry);
      // The error is thrown when its turn comes; until then it must not count as unhandled.
      reading.catch(() => undefined);
      pending.push(reading);
    }
  };
  try {
    for (let index = 0; index < spots.length; index++) {
      signal?.throwIfAborted();
      readAhead();
      const pixels = await pending.shift()!;
      readAhead();
      yield { index, pixels };
    }
  } finally {
    // The consumer may close the image right after leaving the loop.
    await Promise.allSettled(pending);
  }
}
