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
  const pixels = await image.readRegion(patchRegion(geometry, centre));
  return resampleSquare(pixels, geometry.sidePx, geometry.sizePx);
}

/** A square RGB8 picture of `sidePx` at `sizePx`, as {@link readPatch} says. */
export async function resampleSquare(
  pixels: Uint8Array,
  sidePx: number,
  sizePx: number,
): Promise<Uint8Array> {
  if (sidePx === sizePx) return pixels;
  if (sidePx < sizePx) return enlargeSquare(pixels, sidePx, sizePx);
  const raw = { width: sidePx, height: sidePx, channels: 3 as const };
  return sharp(pixels, { raw, limitInputPixels: false })
    .resize(sizePx, sizePx, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
}

/** The middle `sidePx` x `sidePx` of a square RGB8 picture; of an odd rest the larger part is cut at the left and the top. */
export function cropSquare(pixels: Uint8Array, fromPx: number, sidePx: number): Uint8Array {
  if (sidePx === fromPx) return pixels;
  const start = Math.ceil((fromPx - sidePx) / 2);
  const middle = new Uint8Array(3 * sidePx * sidePx);
  for (let row = 0; row < sidePx; row++) {
    const from = 3 * ((start + row) * fromPx + start);
    middle.set(pixels.subarray(from, from + 3 * sidePx), 3 * sidePx * row);
  }
  return middle;
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
