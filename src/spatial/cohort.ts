/** Reading many sections: a manifest, a folder of sections, or one section. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { DataError, UsageError } from '../errors.ts';
import { firstDuplicate, nameSome } from './names.ts';
import { listFolder, pathKind, requireFolder } from './paths.ts';
import { readCohortMeta } from './section-meta.ts';
import { type SectionOptions, sectionName, type UnplacedCounts } from './section-options.ts';
import { outsFolder, readSpaceRanger, type SpaceRangerOptions } from './space-ranger.ts';
import { readStSection } from './st-section.ts';
import { finiteNumber, parseTable, readText, type TextTable } from './text-file.ts';
import type { Section } from './types.ts';

const OPERATION = 'readCohort';
const REQUIRED = ['id', 'path', 'patient', 'study'];
const OPTIONAL = ['image', 'mpp'];

export interface CohortOptions {
  /** Read only these ids; default all. */
  readonly ids?: readonly string[];
  /** For Space Ranger sections. */
  readonly matrix?: NonNullable<SpaceRangerOptions['matrix']>;
  /** Rows of the counts that no spot has: refuse the section (default), or leave them out and count them. */
  readonly unplacedCounts?: UnplacedCounts;
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

/** One section still to be read. */
interface Entry extends SectionOptions {
  readonly id: string;
  readonly folder: string;
}

/**
 * Reads a cohort. `path` is a folder, or the manifest file itself; of the following the first that fits counts:
 * 1. `cohort.csv` with the columns `id,path,patient,study` and optionally `image,mpp` (empty fields fall
 *    back to what the section's folder says). Relative paths start at the manifest. Every id stands once.
 * 2. One Space Ranger folder (`spatial/` or `outs/spatial/`).
 * 3. One ST folder (`spots.csv` or `spots.tsv`).
 * 4. `meta.json` naming ST section folders beside it, with `um_per_px` and optionally `patient`; the folder's
 *    name is the study.
 *
 * A section that cannot be used goes to `failures` and the others are still read.
 *
 * @throws UsageError when `path` does not exist or `ids` names a section that is not there.
 * @throws DataError when the manifest is unusable, the folder is none of the above, or every section failed.
 */
export async function readCohort(path: string, options: CohortOptions = {}): Promise<Cohort> {
  const entries = chooseEntries(await listEntries(path), options.ids, path);
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
  entries: readonly Entry[],
  ids: readonly string[] | undefined,
  path: string,
): readonly Entry[] {
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

async function listEntries(path: string): Promise<Entry[]> {
  if ((await pathKind(path)) === 'file') return readManifest(path);
  await requireFolder(path, OPERATION, 'a cohort folder or a cohort.csv');
  const names = await listFolder(path);
  if (names.includes('cohort.csv')) return readManifest(join(path, 'cohort.csv'));
  if ((await sectionKind(path)) !== undefined) return [{ id: sectionName(path), folder: path }];
  const meta = await readCohortMeta(path);
  if (meta !== undefined && Object.keys(meta).length > 0) {
    const study = sectionName(path);
    return Object.keys(meta).map((id) => ({ id, folder: join(path, id), study }));
  }
  throw new DataError(OPERATION, {
    need: 'cohort.csv, a Space Ranger folder, an ST folder, or meta.json naming ST folders',
    found: `none in ${path}`,
    next: 'write a cohort.csv with the columns id,path,patient,study',
  });
}

async function sectionKind(folder: string): Promise<'space-ranger' | 'st' | undefined> {
  if ((await outsFolder(folder)) !== undefined) return 'space-ranger';
  const names = await listFolder(folder);
  return names.includes('spots.csv') || names.includes('spots.tsv') ? 'st' : undefined;
}

async function readEntry(entry: Entry, options: CohortOptions): Promise<Section> {
  const { folder, ...described } = entry;
  if ((await pathKind(folder)) !== 'folder') {
    throw new DataError(OPERATION, { need: `the folder of section ${entry.id}`, found: `none at ${folder}` });
  }
  const { matrix = 'filtered', unplacedCounts = 'error' } = options;
  const kind = await sectionKind(folder);
  if (kind === 'space-ranger') return readSpaceRanger(folder, { ...described, unplacedCounts, matrix });
  if (kind === 'st') return readStSection(folder, { ...described, unplacedCounts });
  throw new DataError(OPERATION, {
    need: 'a Space Ranger folder (spatial/) or an ST folder (spots.csv)',
    found: `neither at ${folder}`,
  });
}

async function readManifest(path: string): Promise<Entry[]> {
  const table = parseTable(await readText(path, OPERATION), ',', OPERATION, path);
  checkColumns(table, path);
  if (table.rows.length === 0) {
    throw new DataError(OPERATION, { need: 'at least one section', found: `only a header in ${path}` });
  }
  const entries = table.rows.map((row, i) => manifestEntry(row, i + 2, path));
  const twice = firstDuplicate(entries.map(({ id }) => id));
  if (twice === undefined) return entries;
  throw new DataError(OPERATION, { need: 'each id once', found: `"${twice}" more than once in ${path}` });
}

/** Unknown columns are refused: a misspelt `image` or `mpp` would otherwise change results unnoticed. */
function checkColumns({ columns }: TextTable, path: string): void {
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  const unknown = columns.filter((name) => ![...REQUIRED, ...OPTIONAL].includes(name));
  const twice = firstDuplicate(columns);
  if (missing.length === 0 && unknown.length === 0 && twice === undefined) return;
  const problems = [
    missing.length > 0 ? `no ${nameSome(missing)}` : '',
    unknown.length > 0 ? `unknown ${nameSome(unknown)}` : '',
    twice === undefined ? '' : `"${twice}" twice`,
  ];
  throw new DataError(OPERATION, {
    need: `the columns ${REQUIRED.join(',')} and optionally ${OPTIONAL.join(',')}`,
    found: `${problems.filter((text) => text !== '').join(', ')} in ${path}`,
  });
}

function manifestEntry(row: Readonly<Record<string, string>>, line: number, path: string): Entry {
  const empty = REQUIRED.filter((name) => row[name] === '');
  if (empty.length > 0) {
    throw new DataError(OPERATION, {
      need: `values for ${REQUIRED.join(', ')}`,
      found: `no ${empty.join(', ')} in line ${line} of ${path}`,
      next: 'sections of one donor share one patient name',
    });
  }
  const at = (name: string) => (isAbsolute(name) ? name : join(dirname(resolve(path)), name));
  const entry = { id: row.id!, folder: at(row.path!), patient: row.patient!, study: row.study! };
  const image = row.image ? { imagePath: at(row.image) } : {};
  return { ...entry, ...image, ...manifestMpp(row.mpp, line, path) };
}

function manifestMpp(
  text: string | undefined,
  line: number,
  path: string,
): { mpp?: number; mppSource?: string } {
  if (text === undefined || text === '') return {};
  const mpp = finiteNumber(text);
  if (mpp !== undefined && mpp > 0) return { mpp, mppSource: 'cohort.csv mpp' };
  throw new DataError(OPERATION, {
    need: 'mpp above 0 or empty',
    found: `"${text}" in line ${line} of ${path}`,
  });
}
