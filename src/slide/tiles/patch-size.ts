/** From what the user states about patches to pixels of the slide. */
import { UsageError } from '../../errors.ts';

/**
 * Size of the patches. Every length has its unit in its name; nothing is guessed. State one of
 * - `patchUm` alone: so many micrometres, delivered at the slide's own resolution;
 * - `patchUm` and `patchPx`: so many micrometres, delivered at so many pixels;
 * - `patchUm` and `targetMpp`, or `patchPx` and `targetMpp`: the third follows;
 * - `patchPx` alone: so many level-0 pixels, whatever they measure (as CLAM does).
 */
export interface PatchSizeOptions {
  /** Side on the slide, micrometres. */
  readonly patchUm?: number;
  /** Side of the delivered patch, pixels. */
  readonly patchPx?: number;
  /** Pixel size of the delivered patch, micrometres. */
  readonly targetMpp?: number;
  /** Overlap of neighbours in pixels of the delivered patch; negative for a gap. Not with `overlapUm`. */
  readonly overlapPx?: number;
  /** Overlap of neighbours, micrometres. Not with `overlapPx`. */
  readonly overlapUm?: number;
}

/** Size of the patches on one slide. */
export interface PatchSize {
  /** Side that is cut, level-0 pixels. */
  readonly sidePx: number;
  /** Distance of neighbours, level-0 pixels. */
  readonly stepPx: number;
  /** Side of the delivered patch, pixels. */
  readonly sizePx: number;
  /** Overlap in pixels of the delivered patch, rounded. */
  readonly overlapPx: number;
}

/** True if the slide's pixel size must be known. */
export function needsMpp({ patchUm, targetMpp, overlapUm }: PatchSizeOptions): boolean {
  return patchUm !== undefined || targetMpp !== undefined || overlapUm !== undefined;
}

/**
 * Works out the sizes; sides are rounded to whole pixels.
 *
 * @param mpp the slide's pixel size; only needed where {@link needsMpp} says so.
 * @throws UsageError if too much or too little is stated, or a length is not positive.
 */
export function patchSize(options: PatchSizeOptions, mpp: number | undefined): PatchSize {
  checkStated(options);
  const { patchPx, targetMpp, overlapPx, overlapUm } = options;
  const um = options.patchUm ?? (targetMpp === undefined ? undefined : patchPx! * targetMpp);
  const side = um === undefined ? patchPx! : um / mpp!;
  const sidePx = Math.round(side);
  const sizePx = patchPx ?? (targetMpp === undefined ? sidePx : Math.round(um! / targetMpp));
  const perPixel = side / sizePx;
  const overlap = overlapUm === undefined ? (overlapPx ?? 0) * perPixel : overlapUm / mpp!;
  const stepPx = sidePx - Math.round(overlap);
  if (sidePx >= 1 && sizePx >= 1 && stepPx >= 1) {
    return { sidePx, stepPx, sizePx, overlapPx: Math.round((sidePx - stepPx) / perPixel) };
  }
  throw new UsageError('patchSize', {
    need: 'patches of at least one pixel that overlap by less than their side',
    found: `side ${sidePx}, delivered ${sizePx}, step ${stepPx} pixels`,
    next: 'check the units: um are micrometres, px are pixels',
  });
}

function checkStated(options: PatchSizeOptions): void {
  const { patchUm, patchPx, targetMpp, overlapPx, overlapUm } = options;
  const sizes = [patchUm, patchPx, targetMpp].filter((n) => n !== undefined);
  const bad = sizes.find((n) => !(Number.isFinite(n) && n > 0));
  const overlaps = [overlapPx, overlapUm].filter((n) => n !== undefined);
  const isClear = (patchUm ?? patchPx) !== undefined && sizes.length <= 2 && overlaps.length <= 1;
  if (isClear && bad === undefined && overlaps.every(Number.isFinite) && Number.isInteger(patchPx ?? 1))
    return;
  throw new UsageError('patchSize', {
    need: 'patchUm or patchPx, at most two of patchUm, patchPx and targetMpp, and overlapPx or overlapUm',
    found: JSON.stringify({ patchUm, patchPx, targetMpp, overlapPx, overlapUm }),
    next: 'for example patchPx 224 with targetMpp 0.5, or patchPx 256 alone for level-0 pixels',
  });
}
