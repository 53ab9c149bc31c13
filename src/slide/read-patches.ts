/** Patches around spots, one at a time or as an ordered stream that reads ahead. */
import sharp from 'sharp';
import { enlargeSquare } from './enlarge.ts';
import { type PatchGeometry, type Point, patchRegion } from './patch-geometry.ts';
import { type Patch, type ReadPatchesOptions, readAhead } from './read-ahead.ts';
import type { SlideImage } from './slide-image.ts';

export type { Patch, ReadPatchesOptions } from './read-ahead.ts';

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
export function readPatches(
  image: SlideImage,
  spots: readonly Point[],
  geometry: PatchGeometry,
  options: ReadPatchesOptions = {},
): AsyncGenerator<Patch, void, undefined> {
  return readAhead(spots.length, (i) => readPatch(image, spots[i]!, geometry), options);
}
