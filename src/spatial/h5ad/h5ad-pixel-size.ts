/** Micrometres per pixel of a section that comes as an AnnData file. */
import { DataError } from '../../errors.ts';
import type { HestSample } from '../hest-samples.ts';
import type { PixelSize } from '../section-options.ts';
import { mppFromSpacing, SCALE_FACTOR_SPOT_UM, VISIUM_PITCH_UM } from '../visium-pixel-size.ts';
import type { H5adFile } from './h5ad-file.ts';

/** A spot with its place in the array, where the file has one. */
export interface PlacedSpot {
  readonly barcode: string;
  readonly x: number;
  readonly y: number;
  readonly arrayRow?: number;
  readonly arrayCol?: number;
}

interface Context {
  readonly operation: string;
  readonly sample: HestSample | undefined;
  /** Image pixels per pixel of the file's coordinates, where spots were moved. */
  readonly scale?: number;
}

/**
 * In this order: HEST's metadata (`pixel_size_um_estimated`); `microns_per_pixel` of Visium HD; the spacing of a Visium array;
 * the scale factors of 10x (65 um / `spot_diameter_fullres`); HEST's scale factors with the sample's spot diameter.
 *
 * The files of HEST carry a `spot_diameter_fullres` whose micrometres depend on the technology, so that alone says nothing.
 *
 * @throws DataError when none is to be had.
 */
export async function h5adPixelSize(
  file: H5adFile,
  spots: readonly PlacedSpot[],
  { operation, sample, scale = 1 }: Context,
): Promise<PixelSize> {
  if (sample?.mpp !== undefined && sample.mpp > 0) {
    return { mpp: sample.mpp, mppSource: 'HEST metadata pixel_size_um_estimated' };
  }
  const factors = await scaleFactors(file);
  if (positive(factors.microns_per_pixel)) {
    return { mpp: factors.microns_per_pixel / scale, mppSource: 'uns scalefactors microns_per_pixel' };
  }
  const diameter = factors.spot_diameter_fullres;
  if (positive(factors.fiducial_diameter_fullres)) {
    const spacing = mppFromSpacing(
      spots.flatMap((spot) =>
        spot.arrayRow === undefined || spot.arrayCol === undefined
          ? []
          : [{ ...spot, arrayRow: spot.arrayRow, arrayCol: spot.arrayCol, inTissue: true }],
      ),
    );
    if (spacing !== undefined) return { mpp: spacing, mppSource: `spot spacing of ${VISIUM_PITCH_UM} um` };
    if (positive(diameter)) {
      const mppSource = `uns scalefactors spot_diameter_fullres = ${SCALE_FACTOR_SPOT_UM} um`;
      return { mpp: SCALE_FACTOR_SPOT_UM / (diameter * scale), mppSource };
    }
  }
  if (positive(diameter) && positive(sample?.spotUm)) {
    const mppSource = `uns scalefactors spot_diameter_fullres = ${sample.spotUm} um`;
    return { mpp: sample.spotUm / (diameter * scale), mppSource };
  }
  throw new DataError(operation, {
    need: 'the pixel size in micrometres',
    found: `none that ${file.path} or a metadata file beside it states`,
    next: 'give mpp',
  });
}

function positive(value: number | undefined): value is number {
  return value !== undefined && value > 0 && Number.isFinite(value);
}

/** Scale factors of the first library in `uns/spatial`; empty where there are none. */
async function scaleFactors(file: H5adFile): Promise<Readonly<Record<string, number>>> {
  for (const library of await file.unsNames('spatial')) {
    const path = `spatial/${library}/scalefactors`;
    if (!(await file.hasUns(path))) continue;
    const value = await file.uns(path);
    if (typeof value !== 'object' || Array.isArray(value)) continue;
    return Object.fromEntries(Object.entries(value).filter(([, factor]) => typeof factor === 'number'));
  }
  return {};
}
