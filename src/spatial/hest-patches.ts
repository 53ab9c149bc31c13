/** Patches that were cut out beforehand, as HEST-1k and HEST-Benchmark ship them (`patches/{id}.h5`). */
import { DataError, UsageError } from '../errors.ts';
import { selectBarcodes } from './count-matrix.ts';
import { type Hdf5File, openHdf5 } from './hdf5/hdf5-file.ts';
import { firstDuplicate, indexByName, nameSome } from './names.ts';
import { requireFile } from './paths.ts';
import type { Section } from './types.ts';

const OPERATION = 'openPrecutPatches';

/** Pixel size that HEST cuts its patches at; the files do not say it. */
export const HEST_PATCH_MPP = 0.5;

/** Pixels per spot, ready for an encoder, in place of a slide. Close it when done. */
export interface PrecutPatches {
  readonly path: string;
  /** Side of every patch in pixels. */
  readonly sizePx: number;
  /** Micrometres per patch pixel, where the opener said it. */
  readonly mpp?: number;
  /** Spot of every patch, in the file's order, which is not the order of the counts. */
  readonly barcodes: readonly string[];
  /** Level-0 top left corners (x, y) of the patches, two numbers each; absent where the file has none. */
  readonly corners?: Float64Array;
  /** RGB8, row-major [sizePx, sizePx, 3]. @throws UsageError for a position outside the list. */
  read(index: number): Promise<Uint8Array>;
  /** Frees the file; closing twice is allowed. */
  close(): Promise<void>;
}

/**
 * Opens a file of patches: `img` uint8 (N, P, P, 3), names in `barcode` or `barcodes` (text of fixed or variable length,
 * shape (N) or (N, 1)), corners in `coords` (N, 2). Attributes are not relied on.
 *
 * @throws UsageError when the path does not exist.
 * @throws DataError when a part is absent or damaged, the patches are not square RGB8, or a barcode repeats.
 */
export async function openPrecutPatches(
  path: string,
  { mpp }: { readonly mpp?: number } = {},
): Promise<PrecutPatches> {
  await requireFile(path, OPERATION, 'an .h5 file of patches');
  const file = await openHdf5(path, OPERATION);
  try {
    const { count, sizePx } = await imageShape(file);
    const barcodes = await readBarcodes(file, count);
    const corners = await readCorners(file, count);
    return {
      path,
      sizePx,
      barcodes,
      ...(mpp === undefined ? {} : { mpp }),
      ...(corners === undefined ? {} : { corners }),
      read: (index) => readOne(file, index, count),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function imageShape(file: Hdf5File): Promise<{ count: number; sizePx: number }> {
  const { shape, type } = await file.dataset('img');
  const [count, height, width, channels] = shape;
  if (shape.length === 4 && type === 'uint8' && height === width && height! > 0 && channels === 3) {
    return { count: count!, sizePx: height! };
  }
  throw new DataError(OPERATION, {
    need: 'square RGB patches, "img" uint8 of shape N x P x P x 3',
    found: `${type} of shape ${shape.join(' x ')} in ${file.path}`,
  });
}

async function readBarcodes(file: Hdf5File, count: number): Promise<readonly string[]> {
  const name = (await file.hasDataset('barcode')) ? 'barcode' : 'barcodes';
  const barcodes = await file.strings(name);
  if (barcodes.length !== count) {
    throw new DataError(OPERATION, {
      need: `${count} barcodes`,
      found: `${barcodes.length} in ${file.path}`,
    });
  }
  const twice = firstDuplicate(barcodes);
  if (twice === undefined) return barcodes;
  throw new DataError(OPERATION, {
    need: 'each barcode once',
    found: `"${twice}" more than once in ${file.path}`,
  });
}

async function readCorners(file: Hdf5File, count: number): Promise<Float64Array | undefined> {
  if (!(await file.hasDataset('coords'))) return undefined;
  const corners = Float64Array.from(await file.numbers('coords'));
  if (corners.length === 2 * count) return corners;
  throw new DataError(OPERATION, {
    need: `two coordinates for each of ${count} patches`,
    found: `${corners.length} numbers in "coords" of ${file.path}`,
  });
}

async function readOne(file: Hdf5File, index: number, count: number): Promise<Uint8Array> {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new UsageError('PrecutPatches.read', { need: `a patch from 0 to ${count - 1}`, found: `${index}` });
  }
  return (await file.numbers('img', { from: index, to: index + 1 })) as Uint8Array;
}

/** Which patch belongs to which spot. */
export interface PlacedPatches {
  /** The section with those spots only that have a patch, in the section's order. */
  readonly section: Section;
  /** Position in the patch file of each of these spots. */
  readonly rows: Int32Array;
  /** Patches that belong to no spot of the section. */
  readonly patchesWithoutSpot: number;
}

/**
 * Joins a section and its patches by barcode. Spots without a patch (off the slide, or with little tissue) are left
 * out and counted in the section's `dropped`.
 *
 * @throws DataError when no barcode is shared.
 */
export function placePatches(
  section: Section,
  patches: Pick<PrecutPatches, 'barcodes' | 'path'>,
): PlacedPatches {
  const at = indexByName(patches.barcodes);
  const spots = section.spots.filter(({ barcode }) => at.has(barcode));
  if (spots.length === 0) {
    const [own, other] = [section.spots.map(({ barcode }) => barcode), patches.barcodes];
    throw new DataError('placePatches', {
      need: `patches of section ${section.id}`,
      found: `no shared barcode: ${nameSome(own, 1)} there, ${nameSome(other, 1)} in ${patches.path}`,
      next: 'check that both belong together',
    });
  }
  const counts = selectBarcodes(
    section.counts,
    spots.map(({ barcode }) => barcode),
  );
  const without = section.spots.length - spots.length;
  return {
    section: { ...section, spots, counts, ...droppedWith(section, without) },
    rows: Int32Array.from(spots, ({ barcode }) => at.get(barcode)!),
    patchesWithoutSpot: patches.barcodes.length - spots.length,
  };
}

function droppedWith({ dropped }: Section, spotsWithoutPatch: number): Pick<Section, 'dropped'> {
  const none = { spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 0 };
  return { dropped: { ...(dropped ?? none), spotsWithoutPatch } };
}

/**
 * Micrometres per patch pixel, measured: a patch's corner lies half its level-0 side from its spot's centre. The
 * median over all patches; undefined without corners. Corners are whole pixels, so it is good to about 1 %.
 */
export function measuredPatchMpp(section: Section, patches: PrecutPatches): number | undefined {
  const { corners, sizePx } = patches;
  if (corners === undefined) return undefined;
  const { section: placed, rows } = placePatches(section, patches);
  const sides = placed.spots.flatMap((spot, i) => [
    2 * (spot.x - corners[2 * rows[i]!]!),
    2 * (spot.y - corners[2 * rows[i]! + 1]!),
  ]);
  sides.sort((a, b) => a - b);
  return (sides[sides.length >> 1]! * section.mpp) / sizePx;
}
