/** Where spots lie on the image: moving them by hand, and checking how many lie on tissue. */
import { UsageError } from '../errors.ts';
import type { Spot } from './types.ts';

/**
 * Moves spot centres: image = scale * R(rotation) * file + shift, about the image's origin (top left). A positive
 * rotation turns from the x axis (right) to the y axis (down), clockwise on the screen.
 */
export interface SpotTransform {
  /** Default 1. */
  readonly scale?: number;
  /** Degrees; default 0. */
  readonly rotationDeg?: number;
  /** Level-0 pixels; default 0. */
  readonly shiftXPx?: number;
  /** Level-0 pixels; default 0. */
  readonly shiftYPx?: number;
}

/**
 * The spots at their new places; the same list when no transform is given.
 *
 * @throws UsageError for a scale that is not above 0, or other values that are no finite numbers.
 */
export function transformSpots<S extends Spot>(
  spots: readonly S[],
  transform: SpotTransform | undefined,
  operation = 'transformSpots',
): readonly S[] {
  if (transform === undefined) return spots;
  const { scale = 1, rotationDeg = 0, shiftXPx = 0, shiftYPx = 0 } = transform;
  if (!(scale > 0) || ![scale, rotationDeg, shiftXPx, shiftYPx].every(Number.isFinite)) {
    throw new UsageError(operation, {
      need: 'a transform of finite numbers with a scale above 0',
      found: `scale ${scale}, rotation ${rotationDeg}, shift ${shiftXPx} ${shiftYPx}`,
    });
  }
  const angle = (rotationDeg * Math.PI) / 180;
  const cos = scale * Math.cos(angle);
  const sin = scale * Math.sin(angle);
  return spots.map((spot) => ({
    ...spot,
    x: cos * spot.x - sin * spot.y + shiftXPx,
    y: sin * spot.x + cos * spot.y + shiftYPx,
  }));
}

/** Result of {@link spotsOverTissue}. */
export interface TissueOverlap {
  readonly spots: number;
  readonly overTissue: number;
  /** overTissue / spots; a section whose image belongs to other spots stands out by a low share. */
  readonly share: number;
  /** Barcodes of the spots beside the tissue. */
  readonly outside: readonly string[];
}

/**
 * How many spot centres lie on tissue.
 *
 * @param isTissue  asked with level-0 pixel coordinates.
 * @throws UsageError for no spots.
 */
export function spotsOverTissue(
  spots: readonly Spot[],
  isTissue: (x: number, y: number) => boolean,
): TissueOverlap {
  if (spots.length === 0)
    throw new UsageError('spotsOverTissue', { need: 'at least one spot', found: 'none' });
  const outside = spots.filter(({ x, y }) => !isTissue(x, y)).map(({ barcode }) => barcode);
  const overTissue = spots.length - outside.length;
  return { spots: spots.length, overTissue, share: overTissue / spots.length, outside };
}
