/** Reading many sections: a manifest, a folder of sections, or one section. */
import { basename, join } from 'node:path';
import { DataError, UsageError } from '../errors.ts';
import { type CohortEntry, readManifest } from './cohort-manifest.ts';
import { hestExpressionFolder, listHestFolder } from './hest-folder.ts';
import { type HestStudyKey, hestPatient, hestStudy } from './hest-samples.ts';
import { nameSome } from './names.ts';
import { listFolder, pathKind, requireFolder } from './paths.ts';
import { readCohortMeta } from './section-meta.ts';
import { sectionName, type UnplacedCounts } from './section-options.ts';
import { type ReadSectionOptions, readSection, sectionKind } from './section-reader.ts';
import type { Section } from './types.ts';

const OPERATION = 'readCohort';

export interface CohortOptions
  extends Pick<
    ReadSectionOptions,
    'matrix' | 'h5adMatrix' | 'duplicateGenes' | 'binUm' | 'poolUm' | 'minQv'
  > {
  /** Read only these ids; default all. */
  readonly ids?: readonly string[];
  /** Rows of the counts that no spot has: refuse the section (default), or leave them out and count them. */
  readonly unplacedCounts?: UnplacedCounts;
  /** What a study is in HEST data; default its title. */
  readonly studyKey?: HestStudyKey;
  /** Called after each section, read or failed. */
  readonly onSection?: (done: number, total: number, id: string) => void;
  readonly signal?: AbortSignal;
}

/** A section that could not be used, and why. */
export interface SectionFailure {
  readonly id: string;
  readonly error: unknown;
}

export interface Cohort {
  /** In the order of the manifest. */
  readonly sections: readonly Section[];
  readonly failures: readonly SectionFailure[];
}

/**
 * Reads a cohort. `path` is a folder, a manifest, or an `.h5ad` file; of the following the first that fits counts:
 * 1. `cohort.csv` with the columns `id,path,patient,study` and optionally `image,mpp,patches` and
 *    `scale,rotation_deg,shift_x_px,shift_y_px` (empty fields fall back to what the section's files say). `path` names a
 *    folder or an `.h5ad` file. Relative paths start at the manifest. Every id stands once.
 * 2. One section: see readSection.
 * 3. A HEST folder: `st/*.h5ad` or `adata/*.h5ad`, with donors and studies from its sample table or `metadata/*.json`.
 * 4. A folder of `.h5ad` files.
 * 5. `meta.json` naming ST section folders beside it, with `um_per_px` and optionally `patient`; the folder's
 *    name is the study.
 *
 * A section that cannot be used goes to `failures` and the others are still read.
 *
 * @throws UsageError when `path` does not exist or `ids` names a section that is not there.
 * @throws DataError when the manifest is unusable, the folder is none of the above, or every section failed.
 */
export async function readCohort(path: string, options: CohortOptions = {}): Promise<Cohort> {
  const entries = chooseEntries(await listEntries(path, options), options.ids, path);
  const sections: Section[] = [];
  const failures: SectionFailure[] = [];
  for (const [i, entry] of entries.entries()) {
    options.signal?.throwIfAborted();
    try {
      sections.push(await readEntry(entry, options));
    } catch (error) {
      failures.push({ id: entry.id, error });
    }
    options.onSection?.(i + 1, entries.length, entry.id);
  }
  if (sections.length === 0) throw allFailed(failures, path);
  return { sections, failures };
}

function allFailed(failures: readonly SectionFailure[], path: string): DataError {
  const first = failures[0]!;
  const reason = first.error instanceof Error ? first.error.message : String(first.error);
  return new DataError(OPERATION, {
    need: 'at least one usable section',
    found: `none of ${failures.length} in ${path} (${first.id}: ${reason})`,
    cause: first.error,
  });
}

function chooseEntries(
  entries: readonly CohortEntry[],
  ids: readonly string[] | undefined,
  path: string,
): readonly CohortEntry[] {
  if (ids === undefined) return entries;
  const unknown = ids.filter((id) => !entries.some((entry) => entry.id === id));
  if (unknown.length === 0 && ids.length > 0) return entries.filter(({ id }) => ids.includes(id));
  throw new UsageError(OPERATION, {
    need: `ids of sections in ${path}`,
    found: ids.length === 0 ? 'an empty list' : `unknown ${nameSome(unknown)}`,
    next: `it holds ${nameSome(
      entries.map(({ id }) => id),
      8,
    )}`,
  });
}

async function listEntries(path: string, options: CohortOptions): Promise<CohortEntry[]> {
  if ((await pathKind(path)) === 'file') {
    return (await sectionKind(path)) === 'h5ad' ? [h5adEntry(path)] : readManifest(path);
  }
  await requireFolder(path, OPERATION, 'a cohort folder, a cohort.csv or an .h5ad file');
  const names = await listFolder(path);
  if (names.includes('cohort.csv')) return readManifest(join(path, 'cohort.csv'));
  if ((await sectionKind(path)) !== undefined) return [{ id: sectionName(path), path }];
  if ((await hestExpressionFolder(path)) !== undefined) return hestEntries(path, options.studyKey);
  const files = names.filter((name) => name.toLowerCase().endsWith('.h5ad'));
  if (files.length > 0) return files.map((name) => h5adEntry(join(path, name)));
  const meta = await readCohortMeta(path);
  if (meta !== undefined && Object.keys(meta).length > 0) {
    const study = sectionName(path);
    return Object.keys(meta).map((id) => ({ id, path: join(path, id), study }));
  }
  throw new DataError(OPERATION, {
    need: 'cohort.csv, a section (Space Ranger, Visium HD, ST, Xenium), a HEST folder, .h5ad files, or meta.json naming ST folders',
    found: `none in ${path}`,
    next: 'write a cohort.csv with the columns id,path,patient,study',
  });
}

function h5adEntry(path: string): CohortEntry {
  return { id: basename(path).replace(/\.h5ad$/i, ''), path };
}

async function hestEntries(folder: string, studyKey: HestStudyKey | undefined): Promise<CohortEntry[]> {
  return (await listHestFolder(folder)).map(({ id, expressionPath, patchesPath, sample }) => ({
    id,
    path: expressionPath,
    ...(patchesPath === undefined ? {} : { patchesPath }),
    ...(sample === undefined
      ? {}
      : { sample, patient: hestPatient(sample), study: hestStudy(sample, studyKey) }),
  }));
}

async function readEntry({ path, ...described }: CohortEntry, options: CohortOptions): Promise<Section> {
  if ((await pathKind(path)) === undefined) {
    throw new DataError(OPERATION, {
      need: `the folder or file of section ${described.id}`,
      found: `none at ${path}`,
    });
  }
  const { ids: _, onSection: __, signal: ___, ...shared } = options;
  return readSection(path, { ...shared, ...described });
}
