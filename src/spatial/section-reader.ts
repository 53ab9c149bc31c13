/** One section, whatever its kind. */
import { DataError } from '../errors.ts';
import { type H5adSectionOptions, readH5adSection } from './h5ad/h5ad-section.ts';
import { listFolder, pathKind } from './paths.ts';
import { outsFolder, readSpaceRanger } from './space-ranger.ts';
import { readStSection } from './st-section.ts';
import type { Section } from './types.ts';
import { binnedOutsFolder, readVisiumHd, type VisiumHdOptions } from './visium-hd.ts';
import { readXenium, transcriptFile, type XeniumOptions } from './xenium.ts';

export type SectionKind = 'h5ad' | 'visium-hd' | 'space-ranger' | 'st' | 'xenium';

/** What lies at a path: an `.h5ad` file, or a folder of one of the kinds; undefined for anything else. */
export async function sectionKind(path: string): Promise<SectionKind | undefined> {
  if ((await pathKind(path)) === 'file') return path.toLowerCase().endsWith('.h5ad') ? 'h5ad' : undefined;
  if ((await binnedOutsFolder(path)) !== undefined) return 'visium-hd';
  if ((await outsFolder(path)) !== undefined) return 'space-ranger';
  const names = await listFolder(path);
  if (names.includes('spots.csv') || names.includes('spots.tsv')) return 'st';
  return (await transcriptFile(path)) === undefined ? undefined : 'xenium';
}

/** Options of every kind; each reader takes those that it knows. */
export interface ReadSectionOptions
  extends Omit<H5adSectionOptions, 'matrix'>,
    Pick<VisiumHdOptions, 'matrix' | 'poolUm'>,
    Pick<XeniumOptions, 'minQv'> {
  /** Side of the bins of Visium HD (default 16) or the pseudo-spots of Xenium (default 100). */
  readonly binUm?: number;
  /** Where the raw counts of an `.h5ad` file stand; default `X`. */
  readonly h5adMatrix?: H5adSectionOptions['matrix'];
}

/**
 * Reads the section at a path: an `.h5ad` file, or a folder of Visium HD, Space Ranger, ST or Xenium, by what it holds.
 *
 * @throws DataError when it is none of these; what the reader of its kind throws.
 */
export async function readSection(path: string, options: ReadSectionOptions = {}): Promise<Section> {
  const { h5adMatrix, ...rest } = options;
  const { matrix, ...own } = rest;
  const kind = await sectionKind(path);
  switch (kind) {
    case 'h5ad':
      return readH5adSection(path, h5adMatrix === undefined ? own : { ...own, matrix: h5adMatrix });
    case 'visium-hd':
      return readVisiumHd(path, rest);
    case 'space-ranger':
      return readSpaceRanger(path, rest);
    case 'st':
      return readStSection(path, own);
    case 'xenium':
      return readXenium(path, own);
    case undefined:
      throw new DataError('readSection', {
        need: 'an .h5ad file, or a folder of Space Ranger (spatial/ or binned_outputs/), ST (spots.csv) or Xenium (transcripts)',
        found: `none of them at ${path}`,
      });
  }
}
