/** Visium sections as Space Ranger 1.x and 2.x leave them in `outs`. */
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '../errors.ts';
import type { DuplicateGeneRule, NamedCounts } from './duplicate-genes.ts';
import { readMexCounts } from './mex.ts';
import { nameSome } from './names.ts';
import { listFolder, pathKind, requireFolder } from './paths.ts';
import { findImage } from './section-image.ts';
import {
  givenPixelSize,
  joinSpots,
  recordedChanges,
  type SectionOptions,
  sectionName,
} from './section-options.ts';
import { transformSpots } from './spot-alignment.ts';
import { readTenxCounts } from './tenx-h5.ts';
import { readTissuePositions, type TissuePosition } from './tissue-positions.ts';
import type { Section, Spot } from './types.ts';
import { visiumPixelSize } from './visium-pixel-size.ts';

const OPERATION = 'readSpaceRanger';

export interface SpaceRangerOptions extends SectionOptions {
  /** Which matrix to read; default `filtered`. With `raw`, spots outside the tissue are still left out. */
  readonly matrix?: 'filtered' | 'raw';
}

/**
 * Reads an `outs` folder, or the folder that holds `outs`: `spatial/` with the spot table and scale factors,
 * and `filtered_feature_bc_matrix.h5` (also with a sample prefix) or else the MEX folder of that name. Only
 * spots with `in_tissue` 1 are kept, in the order of the spot table; those without counts are left out and
 * counted in `dropped`.
 *
 * The image is the one given, else the only full-resolution image in `outs`, in the folder above an
 * `outs`, or in `spatial/`. Space Ranger's hires and lowres pictures do not qualify: positions are full-resolution pixels.
 *
 * @throws UsageError when the folder or the image named does not exist, or mpp is not positive.
 * @throws DataError when a part is absent or damaged, or counts name a barcode that the spot table lacks
 *   (unless `unplacedCounts` is 'drop').
 */
export async function readSpaceRanger(folder: string, options: SpaceRangerOptions = {}): Promise<Section> {
  await requireFolder(folder, OPERATION, 'a Space Ranger folder');
  const given = givenPixelSize(options, OPERATION);
  const outs = await outsFolder(folder);
  if (outs === undefined) {
    throw new DataError(OPERATION, {
      need: 'a folder "spatial" (or "outs/spatial")',
      found: `none in ${folder}`,
      next: 'give the outs folder of Space Ranger',
    });
  }
  const spatial = join(outs, 'spatial');
  const above = basename(resolve(outs)) === 'outs' ? [dirname(resolve(outs))] : [];
  const imagePath = await findImage(options.imagePath, [outs, ...above, spatial], OPERATION);
  const positions = transformSpots(await readTissuePositions(spatial), options.transform, OPERATION);
  const size = given ?? (await visiumPixelSize(positions, spatial, options.transform?.scale));
  const read = await readOutsMatrix(outs, options.matrix ?? 'filtered', options.duplicateGenes);
  const outside = positions.filter(({ inTissue }) => !inTissue).map(({ barcode }) => barcode);
  const inside = positions.filter(({ inTissue }) => inTissue).map(asSpot);
  const unplaced = options.unplacedCounts ?? 'error';
  const joined = joinSpots(inside, read.counts, { operation: OPERATION, folder: outs, outside, unplaced });
  const id = options.id ?? sectionName(outs);
  const described = { id, patient: options.patient ?? id, study: options.study ?? id, imagePath };
  return { ...described, ...size, ...joined, ...recordedChanges(options, read) };
}

/** `folder` or `folder/outs`, whichever holds `spatial`; undefined when neither does. */
export async function outsFolder(folder: string): Promise<string | undefined> {
  for (const candidate of [folder, join(folder, 'outs')]) {
    if ((await pathKind(join(candidate, 'spatial'))) === 'folder') return candidate;
  }
  return undefined;
}

function asSpot({ barcode, x, y, arrayRow, arrayCol }: TissuePosition): Spot {
  return { barcode, x, y, arrayRow, arrayCol };
}

/**
 * The counts of an `outs` folder or of one bin size: the HDF5 file, else the MEX folder.
 *
 * @throws DataError when neither is there, several are, or it is damaged.
 */
export async function readOutsMatrix(
  outs: string,
  kind: 'filtered' | 'raw',
  rule: DuplicateGeneRule | undefined,
): Promise<NamedCounts> {
  const name = `${kind}_feature_bc_matrix`;
  const files = (await listFolder(outs)).filter((file) => file.endsWith(`${name}.h5`));
  if (files.length > 1) {
    throw new DataError(OPERATION, {
      need: `one ${name}.h5`,
      found: `${files.length} (${nameSome(files)}) in ${outs}`,
      next: 'give each section a folder of its own',
    });
  }
  if (files.length === 1) return readTenxCounts(join(outs, files[0]!), rule);
  const mex = join(outs, name);
  if ((await pathKind(mex)) === 'folder') return readMexCounts(mex, rule);
  throw new DataError(OPERATION, {
    need: `${name}.h5 or the folder ${name}`,
    found: `neither in ${outs}`,
    next: kind === 'filtered' ? 'copy it there, or read the raw matrix' : 'copy it there',
  });
}
