/** What a caller may say about one section, and what follows from the parts of one. */
import { basename, dirname, resolve } from 'node:path';
import { DataError, UsageError } from '../errors.ts';
import { selectBarcodes } from './count-matrix.ts';
import type { DuplicateGeneRule, NamedCounts } from './duplicate-genes.ts';
import { nameSome } from './names.ts';
import type { SpotTransform } from './spot-alignment.ts';
import type { CountMatrix, DroppedSpots, Section, Spot } from './types.ts';

/** Given values win over what the folder says. */
export interface SectionOptions {
  /** Default: the folder's name (the one above it for a folder called `outs`). */
  readonly id?: string;
  /** Default: what meta.json says, else the id, so that the section counts as a donor of its own. */
  readonly patient?: string;
  /** Default: the id, so that the section counts as a study of its own. */
  readonly study?: string;
  /** Image whose pixels the spots refer to; default: the one found in the folder. */
  readonly imagePath?: string;
  /** Micrometres per image pixel; default: what the folder's files say. */
  readonly mpp?: number;
  /** Who says `mpp`, for the protocol card; default `given by the caller`. */
  readonly mppSource?: string;
  /** Rows of the counts that no spot has: refuse the section (default), or leave them out and count them. */
  readonly unplacedCounts?: UnplacedCounts;
  /** Genes named more than once; default `make-unique`. */
  readonly duplicateGenes?: DuplicateGeneRule;
  /** Moves the spots onto the image, where the files' positions do not fit it. */
  readonly transform?: SpotTransform;
}

/** A pixel size with its origin. */
export interface PixelSize {
  readonly mpp: number;
  readonly mppSource: string;
}

/** Name of a section folder; `outs` says nothing, the folder above it does. */
export function sectionName(folder: string): string {
  const path = resolve(folder);
  return basename(path) === 'outs' ? basename(dirname(path)) : basename(path);
}

/**
 * The caller's pixel size, or undefined when none was given.
 *
 * @throws UsageError when it is not a positive number.
 */
export function givenPixelSize(options: SectionOptions, operation: string): PixelSize | undefined {
  const { mpp, mppSource = 'given by the caller' } = options;
  if (mpp === undefined) return undefined;
  if (mpp > 0 && Number.isFinite(mpp)) return { mpp, mppSource };
  throw new UsageError(operation, {
    need: 'mpp above 0',
    found: `${mpp}`,
    next: 'give micrometres per pixel',
  });
}

/** What the section records of how it was read; nothing where nothing was changed. */
export function recordedChanges(
  { transform }: SectionOptions,
  { duplicateGenes }: NamedCounts,
): Pick<Section, 'duplicateGenes' | 'transform'> {
  return {
    ...(duplicateGenes === undefined ? {} : { duplicateGenes }),
    ...(transform === undefined ? {} : { transform }),
  };
}

/** Spots and counts of one section, row i of one belonging to row i of the other. */
export interface JoinedSpots {
  readonly spots: readonly Spot[];
  readonly counts: CountMatrix;
  readonly dropped: DroppedSpots;
}

/** What to do with counts of barcodes that have no place on the slide. */
export type UnplacedCounts = 'error' | 'drop';

/**
 * Joins spots and counts by barcode, in the order of `spots`. Spots without counts are left out and counted.
 *
 * @param outside  barcodes known to lie outside the tissue: their counts are left out without complaint.
 * @throws DataError when counts name a barcode that no spot has (unless `unplaced` is 'drop'), or none match.
 */
export function joinSpots(
  spots: readonly Spot[],
  counts: CountMatrix,
  context: {
    operation: string;
    folder: string;
    outside?: readonly string[];
    unplaced?: UnplacedCounts;
  },
): JoinedSpots {
  const { operation, folder, outside = [], unplaced = 'error' } = context;
  const known = new Set([...spots.map(({ barcode }) => barcode), ...outside]);
  const strangers = counts.barcodes.filter((barcode) => !known.has(barcode));
  if (strangers.length > 0 && unplaced === 'error') {
    throw new DataError(operation, {
      need: 'a spot for every barcode of the counts',
      found: `${strangers.length} of ${counts.barcodes.length} without one (${nameSome(strangers)}) in ${folder}`,
      next: 'check that both files come from one section',
    });
  }
  const counted = new Set(counts.barcodes);
  const kept = spots.filter(({ barcode }) => counted.has(barcode));
  if (kept.length === 0) {
    throw new DataError(operation, {
      need: 'spots that have counts',
      found: `none: ${spots.length} spots and ${counts.barcodes.length} rows of counts share no barcode in ${folder}`,
      next: 'check that both files come from one section',
    });
  }
  const names = kept.map(({ barcode }) => barcode);
  const rows = selectBarcodes(counts, names);
  const dropped = {
    spotsWithoutCounts: spots.length - kept.length,
    countsWithoutSpot: strangers.length,
    spotsOutsideTissue: outside.length,
  };
  return { spots: kept, counts: rows, dropped };
}
