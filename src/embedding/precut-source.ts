/** Patches of a section that were cut out beforehand, as HEST-1k ships them. */
import { DataError, UsageError } from '../errors.ts';
import {
  cropSquare,
  type PatchGeometry,
  patchGeometry,
  patchRegion,
  resampleSquare,
} from '../slide/index.ts';
import {
  HEST_PATCH_MPP,
  measuredPatchMpp,
  openPrecutPatches,
  type PrecutPatches,
  placePatches,
  type Section,
} from '../spatial/index.ts';
import { fileStamp, type PatchSource, type SectionPatchOptions } from './patch-source.ts';

export interface PrecutPatchOptions extends SectionPatchOptions {
  /** Micrometres per pixel of the stored patches; default HEST's 0.5, checked against the corners in the file. */
  readonly mpp?: number;
}

/** What is said of a precut source on screen and in protocol cards. */
export interface PrecutFacts {
  /** Stored side in pixels. */
  readonly sizePx: number;
  readonly mpp: number;
  /** Left out: spots of the section that the file has no patch of. */
  readonly spotsWithoutPatch: number;
  readonly patchesWithoutSpot: number;
}

const OPERATION = 'precut patches';

/** Corners are whole pixels, so a side measured by them is off by up to two. */
function toleranceOf(mpp: number, sizePx: number, sectionMpp: number): number {
  return Math.max(0.03, (2 * sectionMpp) / (mpp * sizePx));
}

function checkPixelSize(section: Section, patches: PrecutPatches): void {
  const measured = measuredPatchMpp(section, patches);
  if (measured === undefined) return;
  const off = Math.abs(measured - HEST_PATCH_MPP) / HEST_PATCH_MPP;
  if (off <= toleranceOf(HEST_PATCH_MPP, patches.sizePx, section.mpp)) return;
  throw new DataError(OPERATION, {
    need: `patches of ${HEST_PATCH_MPP} um per pixel, as HEST cuts them`,
    found: `corners as of ${measured.toPrecision(3)} um per pixel in ${patches.path}`,
    next: 'state their pixel size with --precut-mpp',
  });
}

/** The part of each stored patch that is wanted, in its pixels. */
function storedGeometry(patches: PrecutPatches, mpp: number, options: SectionPatchOptions): PatchGeometry {
  const wanted = patchGeometry({ ...options, mpp });
  if (wanted.sidePx <= patches.sizePx) return wanted;
  throw new UsageError(OPERATION, {
    need: `patches of ${options.patchUm} um`,
    found: `${patches.sizePx * mpp} um (${patches.sizePx} px of ${mpp} um) in ${patches.path}`,
    next: `ask for at most that with --patch-um, or cut from the slide with --patches cut`,
  });
}

/**
 * One patch per spot that the section's file of precut patches has one of, joined by barcode, in the order of the
 * spots. A smaller physical size than stored is cropped from the middle; a larger one is refused.
 *
 * @throws DataError when the file is absent, damaged, shares no barcode with the section, or its corners tell another pixel
 *   size; UsageError for patches larger than the stored ones.
 */
export async function precutPatches(
  section: Section,
  options: PrecutPatchOptions,
): Promise<PatchSource & { readonly precut: PrecutFacts }> {
  const { patchUm, sizePx, mpp = HEST_PATCH_MPP } = options;
  const path = section.patchesPath ?? '';
  const patches = await openPrecutPatches(path, { mpp });
  try {
    if (options.mpp === undefined) checkPixelSize(section, patches);
    const { sidePx } = storedGeometry(patches, mpp, { patchUm, sizePx });
    const { section: placed, rows, patchesWithoutSpot } = placePatches(section, patches);
    const onSlide = patchGeometry({ patchUm, sizePx, mpp: section.mpp });
    return {
      id: section.id,
      rows: placed.spots.map((spot) => {
        const { x, y } = patchRegion(onSlide, spot);
        return { barcode: spot.barcode, x, y };
      }),
      fingerprint: {
        patches: await fileStamp(path),
        storedPx: patches.sizePx,
        storedMpp: mpp,
        patchUm,
        sizePx,
      },
      precut: {
        sizePx: patches.sizePx,
        mpp,
        spotsWithoutPatch: section.spots.length - placed.spots.length,
        patchesWithoutSpot,
      },
      read: (from) => readRows(path, rows.subarray(from), sidePx, sizePx),
    };
  } finally {
    await patches.close();
  }
}

async function* readRows(
  path: string,
  rows: Int32Array,
  sidePx: number,
  sizePx: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const patches = await openPrecutPatches(path);
  try {
    for (const row of rows) {
      const middle = cropSquare(await patches.read(row), patches.sizePx, sidePx);
      yield await resampleSquare(middle, sidePx, sizePx);
    }
  } finally {
    await patches.close();
  }
}
