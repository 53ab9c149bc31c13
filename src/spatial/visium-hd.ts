/** Visium HD sections as Space Ranger 3 leaves them: counts in square bins of several sizes. */
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { DataError, UsageError } from '../errors.ts';
import { nameSome } from './names.ts';
import { listFolder, pathKind, requireFolder } from './paths.ts';
import { poolBins } from './pool-bins.ts';
import { findImage } from './section-image.ts';
import { parseJson } from './section-meta.ts';
import {
  givenPixelSize,
  joinSpots,
  type PixelSize,
  recordedChanges,
  type SectionOptions,
  sectionName,
} from './section-options.ts';
import { readOutsMatrix } from './space-ranger.ts';
import { transformSpots } from './spot-alignment.ts';
import { readText } from './text-file.ts';
import { readTissuePositions } from './tissue-positions.ts';
import type { Section } from './types.ts';

const OPERATION = 'readVisiumHd';

export interface VisiumHdOptions extends SectionOptions {
  /** Side of the bins to read (the folder `square_016um`); default 16. */
  readonly binUm?: number;
  /** Side of the spots that bins are joined into, a multiple of `binUm`; default 128. Equal to `binUm`: no joining. */
  readonly poolUm?: number;
  /** Which matrix to read; default `filtered`. */
  readonly matrix?: 'filtered' | 'raw';
}

const scaleFactors = z.object({ microns_per_pixel: z.number().positive() });

/**
 * Reads `outs` (or the folder that holds it): `binned_outputs/square_{bin}um` with its matrix and its `spatial` folder, and
 * joins the bins on tissue into spots named `rrrrxcccc`. Bins keep their barcodes where nothing is joined.
 *
 * @throws UsageError when the folder or the image named does not exist, or sizes do not fit each other.
 * @throws DataError when a part is absent or damaged, or counts name a barcode that the bin table lacks.
 * @source 10x Genomics, "Visium HD outputs"; HEST-1k for 128 um spots.
 */
export async function readVisiumHd(folder: string, options: VisiumHdOptions = {}): Promise<Section> {
  await requireFolder(folder, OPERATION, 'a Visium HD folder');
  const given = givenPixelSize(options, OPERATION);
  const { binUm = 16, poolUm = 128, matrix = 'filtered' } = options;
  const factor = poolUm / binUm;
  if (!Number.isInteger(factor) || factor < 1) {
    throw new UsageError(OPERATION, {
      need: `poolUm as a multiple of binUm = ${binUm}`,
      found: `${poolUm}`,
    });
  }
  const outs = await requireOuts(folder);
  const bins = await binFolder(outs, binUm);
  const spatial = join(bins, 'spatial');
  const above = basename(resolve(outs)) === 'outs' ? [dirname(resolve(outs))] : [];
  const imagePath = await findImage(options.imagePath, [outs, ...above], OPERATION);
  const positions = transformSpots(await readTissuePositions(spatial), options.transform, OPERATION);
  const size = given ?? (await pixelSize(spatial, options.transform?.scale));
  const read = await readOutsMatrix(bins, matrix, options.duplicateGenes);
  const outside = positions.filter(({ inTissue }) => !inTissue).map(({ barcode }) => barcode);
  const inside = positions.filter(({ inTissue }) => inTissue);
  const unplaced = options.unplacedCounts ?? 'error';
  const joined = joinSpots(inside, read.counts, { operation: OPERATION, folder: bins, outside, unplaced });
  const pooled = factor === 1 ? joined : { ...joined, ...poolBins(positions, joined.counts, factor) };
  const spots = pooled.spots.map(({ barcode, x, y, arrayRow, arrayCol }) => {
    return { barcode, x, y, arrayRow: arrayRow!, arrayCol: arrayCol! };
  });
  const id = options.id ?? sectionName(outs);
  const described = { id, patient: options.patient ?? id, study: options.study ?? id, imagePath };
  return { ...described, ...size, ...pooled, spots, ...recordedChanges(options, read) };
}

/** `folder` or `folder/outs`, whichever holds `binned_outputs`; undefined when neither does. */
export async function binnedOutsFolder(folder: string): Promise<string | undefined> {
  for (const candidate of [folder, join(folder, 'outs')]) {
    if ((await pathKind(join(candidate, 'binned_outputs'))) === 'folder') return candidate;
  }
  return undefined;
}

async function requireOuts(folder: string): Promise<string> {
  const outs = await binnedOutsFolder(folder);
  if (outs !== undefined) return outs;
  throw new DataError(OPERATION, {
    need: 'a folder "binned_outputs" (or "outs/binned_outputs")',
    found: `none in ${folder}`,
    next: 'give the outs folder of Space Ranger',
  });
}

async function binFolder(outs: string, binUm: number): Promise<string> {
  const name = `square_${String(binUm).padStart(3, '0')}um`;
  const names = await listFolder(join(outs, 'binned_outputs'));
  if (names.includes(name)) return join(outs, 'binned_outputs', name);
  throw new DataError(OPERATION, {
    need: `binned_outputs/${name}`,
    found: `${names.length === 0 ? 'none' : nameSome(names)} in ${join(outs, 'binned_outputs')}`,
  });
}

async function pixelSize(spatial: string, scale = 1): Promise<PixelSize> {
  const path = join(spatial, 'scalefactors_json.json');
  if ((await pathKind(path)) === 'file') {
    const need = 'a positive microns_per_pixel';
    const factors = parseJson(await readText(path, OPERATION), scaleFactors, OPERATION, path, need);
    return { mpp: factors.microns_per_pixel / scale, mppSource: 'scalefactors_json.json microns_per_pixel' };
  }
  throw new DataError(OPERATION, {
    need: 'scalefactors_json.json',
    found: `none in ${spatial}`,
    next: 'copy it there, or give mpp',
  });
}
