/** Where the patch of a spot lies in the image: physical size to pixels, centre to region. */
import { DataError, UsageError } from '../errors.ts';
import type { Region, SlideImage } from './slide-image.ts';

/** A point in level-0 pixels; see {@link patchRegion} for the convention. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Size of the square patch cut around each spot. */
export interface PatchGeometry {
  /** Physical side of the patch that was asked for. */
  readonly patchUm: number;
  /** Pixel size of the image. */
  readonly mpp: number;
  /** Side of the patch after resampling: what the encoder sees. */
  readonly sizePx: number;
  /** `patchUm / mpp`, exact. */
  readonly exactSidePx: number;
  /** Whole level-0 pixels that are cut out; within half a pixel of `exactSidePx`. */
  readonly sidePx: number;
}

/**
 * Size of a patch of `patchUm` micrometres in an image of `mpp` micrometres per pixel, delivered at
 * `sizePx` x `sizePx` pixels. The HEST benchmark is `patchUm: 112, sizePx: 224` (0.5 um per pixel).
 *
 * @throws UsageError if a value is not positive or the patch is smaller than one image pixel.
 */
export function patchGeometry(options: { patchUm: number; mpp: number; sizePx: number }): PatchGeometry {
  const { patchUm, mpp, sizePx } = options;
  const positive = [patchUm, mpp, sizePx].every((value) => Number.isFinite(value) && value > 0);
  if (!positive || !Number.isInteger(sizePx)) {
    throw new UsageError('patchGeometry', {
      need: 'patchUm and mpp above 0 and sizePx a positive integer',
      found: `patchUm ${patchUm}, mpp ${mpp}, sizePx ${sizePx}`,
    });
  }
  const exactSidePx = patchUm / mpp;
  const sidePx = Math.round(exactSidePx);
  if (sidePx < 1) {
    throw new UsageError('patchGeometry', {
      need: 'a patch of at least one image pixel',
      found: `${patchUm} um at ${mpp} um per pixel`,
      next: 'check the unit of mpp (micrometres per pixel)',
    });
  }
  return { patchUm, mpp, sizePx, exactSidePx, sidePx };
}

/**
 * The region of the patch around a spot centre.
 *
 * Convention: pixel i covers [i, i + 1), so the middle of the first pixel is at 0.5 and a patch of side s
 * around c is [c - s/2, c + s/2). Its corner is rounded to whole pixels (halves upwards), which moves the
 * patch by at most half a pixel. For whole-number centres this is the corner that HEST stores in `coords`,
 * `trunc(c - floor(s / 2))`.
 */
export function patchRegion({ sidePx }: PatchGeometry, centre: Point): Region {
  const corner = (c: number) => Math.floor(c - sidePx / 2 + 0.5);
  return { x: corner(centre.x), y: corner(centre.y), width: sidePx, height: sidePx };
}

/**
 * Checks that every spot centre lies on the image, borders included: 0 <= x <= width, 0 <= y <= height.
 *
 * @throws DataError naming the first spot outside, its coordinates, the image size and the number of such spots.
 */
export function checkSpotsInside(
  spots: readonly (Point & { readonly barcode: string })[],
  image: Pick<SlideImage, 'path' | 'widthPx' | 'heightPx'>,
): void {
  const { widthPx, heightPx, path } = image;
  // Written so that NaN counts as outside.
  const isInside = ({ x, y }: Point) => x >= 0 && y >= 0 && x <= widthPx && y <= heightPx;
  const outside = spots.filter((spot) => !isInside(spot));
  const first = outside[0];
  if (first === undefined) return;
  throw new DataError('checkSpotsInside', {
    need: `spot centres inside ${path} (${widthPx} x ${heightPx} pixels)`,
    found: `${outside.length} of ${spots.length} spots outside the image, the first ${first.barcode} at (${first.x}, ${first.y})`,
    next: 'probably the wrong image, or a down-scaled image with full-resolution coordinates',
  });
}
