/** Micrometres per pixel of a Visium image, from what Space Ranger writes. */
import { join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { pathKind } from './paths.ts';
import { parseJson } from './section-meta.ts';
import type { PixelSize } from './section-options.ts';
import { readText } from './text-file.ts';
import type { TissuePosition } from './tissue-positions.ts';

const OPERATION = 'visiumPixelSize';

/** Centre-to-centre distance of neighbouring Visium spots. */
export const VISIUM_PITCH_UM = 100;

/** Diameter that `spot_diameter_fullres` stands for (the printed spots themselves are 55 um wide). */
export const SCALE_FACTOR_SPOT_UM = 65;

/** Largest relative difference of the two estimates that is not mentioned. */
const AGREEMENT = 0.02;

const scaleFactors = z.object({ spot_diameter_fullres: z.number().positive() });

/**
 * mpp from the spot array: two spots of one array row that differ by d in `array_col` are d/2 * 100 um apart.
 * The farthest pair of every row counts, rows weighted by their length; undefined when no row has two spots.
 */
export function mppFromSpacing(spots: readonly TissuePosition[]): number | undefined {
  const ends = new Map<number, { first: TissuePosition; last: TissuePosition }>();
  for (const spot of spots) {
    const row = ends.get(spot.arrayRow) ?? { first: spot, last: spot };
    if (spot.arrayCol < row.first.arrayCol) row.first = spot;
    if (spot.arrayCol > row.last.arrayCol) row.last = spot;
    ends.set(spot.arrayRow, row);
  }
  let um = 0;
  let px = 0;
  for (const { first, last } of ends.values()) {
    um += ((last.arrayCol - first.arrayCol) / 2) * VISIUM_PITCH_UM;
    px += Math.hypot(last.x - first.x, last.y - first.y);
  }
  return um > 0 && px > 0 ? um / px : undefined;
}

/**
 * mpp from `scalefactors_json.json`: 65 um / `spot_diameter_fullres`; undefined without the file.
 *
 * @param scale  image pixels per pixel of the file's coordinates, where spots were moved.
 * @throws DataError when the file is damaged or lacks a positive `spot_diameter_fullres`.
 * @source 10x Genomics, "Spatial Outputs": the diameter of a theoretical 65 um spot.
 */
export async function mppFromScaleFactors(spatialFolder: string, scale = 1): Promise<number | undefined> {
  const path = join(spatialFolder, 'scalefactors_json.json');
  if ((await pathKind(path)) !== 'file') return undefined;
  const need = 'a positive spot_diameter_fullres';
  const parsed = parseJson(await readText(path, OPERATION), scaleFactors, OPERATION, path, need);
  return SCALE_FACTOR_SPOT_UM / (parsed.spot_diameter_fullres * scale);
}

/**
 * The spacing of the spots (at their places on the image) decides; the scale factors do where no array row has two spots. `mppSource`
 * names the one used, and the other one where they differ by more than 2 %.
 *
 * @throws DataError when neither is to be had.
 */
export async function visiumPixelSize(
  spots: readonly TissuePosition[],
  spatialFolder: string,
  scale = 1,
): Promise<PixelSize> {
  const spacing = mppFromSpacing(spots);
  const scaled = await mppFromScaleFactors(spatialFolder, scale);
  if (spacing !== undefined) {
    const differs = scaled !== undefined && Math.abs(scaled - spacing) > AGREEMENT * spacing;
    const other = differs
      ? ` (scalefactors_json.json with ${SCALE_FACTOR_SPOT_UM} um spots: ${scaled.toFixed(4)})`
      : '';
    return { mpp: spacing, mppSource: `spot spacing of ${VISIUM_PITCH_UM} um${other}` };
  }
  if (scaled !== undefined) {
    return {
      mpp: scaled,
      mppSource: `scalefactors_json.json spot_diameter_fullres = ${SCALE_FACTOR_SPOT_UM} um`,
    };
  }
  throw new DataError(OPERATION, {
    need: 'scalefactors_json.json or two spots on one array row',
    found: `neither in ${spatialFolder}`,
    next: 'give mpp',
  });
}
