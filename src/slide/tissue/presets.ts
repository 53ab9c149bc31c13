/** Settings of the threshold segmentation. */
import { UsageError } from '../../errors.ts';

/** Settings of one segmentation; the names in brackets are CLAM's. */
export interface TissueSettings {
  /** Saturation above which a pixel is tissue, 0 to 255 (sthresh). */
  readonly saturation: number;
  /** Choose the threshold by Otsu's method instead of `saturation` (use_otsu). */
  readonly otsu: boolean;
  /** Side of the median filter, pixels of the segmented picture, odd (mthresh). */
  readonly medianPx: number;
  /** Side of the closing square, pixels of the segmented picture; 0 for none (close). */
  readonly closePx: number;
  /** Smallest tissue, in reference patches (a_t). */
  readonly minTissuePatches: number;
  /** Smallest hole, in reference patches (a_h). */
  readonly minHolePatches: number;
  /** Holes kept per piece of tissue, the largest ones (max_n_holes). */
  readonly maxHoles: number;
  /** Side of a reference patch in level-0 pixels (512 in CLAM). */
  readonly refPatchPx: number;
}

const COMMON = { otsu: false, refPatchPx: 512 } as const;

/** CLAM's presets bwh_biopsy, bwh_resection and tcga. */
export const TISSUE_PRESETS = {
  biopsy: {
    ...COMMON,
    saturation: 15,
    medianPx: 11,
    closePx: 2,
    minTissuePatches: 1,
    minHolePatches: 1,
    maxHoles: 2,
  },
  resection: {
    ...COMMON,
    saturation: 15,
    medianPx: 11,
    closePx: 4,
    minTissuePatches: 100,
    minHolePatches: 16,
    maxHoles: 8,
  },
  tcga: {
    ...COMMON,
    saturation: 8,
    medianPx: 7,
    closePx: 4,
    minTissuePatches: 16,
    minHolePatches: 4,
    maxHoles: 8,
  },
} as const satisfies Record<string, TissueSettings>;

/** Name of a preset. */
export type TissuePreset = keyof typeof TISSUE_PRESETS;

/**
 * A preset with single settings replaced. Default preset: `biopsy`.
 *
 * @throws UsageError for an unknown preset or a setting out of range.
 */
export function tissueSettings(
  preset: TissuePreset = 'biopsy',
  changes: Partial<TissueSettings> = {},
): TissueSettings {
  const base = TISSUE_PRESETS[preset] as TissueSettings | undefined;
  if (base === undefined) {
    throw new UsageError('tissueSettings', {
      need: `a preset of ${Object.keys(TISSUE_PRESETS).join(', ')}`,
      found: `${preset}`,
    });
  }
  const settings = { ...base, ...changes };
  const { saturation, medianPx, closePx, minTissuePatches, minHolePatches, maxHoles, refPatchPx } = settings;
  const odd = Number.isInteger(medianPx) && medianPx % 2 === 1 && medianPx >= 1 && medianPx <= 255;
  const whole = [closePx, maxHoles].every((n) => Number.isInteger(n) && n >= 0) && closePx <= 1000;
  const areas = [minTissuePatches, minHolePatches].every((n) => n >= 0) && refPatchPx > 0;
  if (odd && whole && areas && saturation >= 0 && saturation <= 255) return settings;
  throw new UsageError('tissueSettings', {
    need: 'saturation 0 to 255, medianPx odd up to 255, closePx 0 to 1000, areas and maxHoles not negative',
    found: JSON.stringify(settings),
  });
}
