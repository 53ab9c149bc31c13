/** `cohort.csv`: one line per section. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { DataError } from '../errors.ts';
import { firstDuplicate, nameSome } from './names.ts';
import type { ReadSectionOptions } from './section-reader.ts';
import type { SpotTransform } from './spot-alignment.ts';
import { finiteNumber, parseTable, readText, type TextTable } from './text-file.ts';

const OPERATION = 'readCohort';
const REQUIRED = ['id', 'path', 'patient', 'study'];
const TRANSFORM = ['scale', 'rotation_deg', 'shift_x_px', 'shift_y_px'] as const;
const OPTIONAL = ['image', 'mpp', 'patches', ...TRANSFORM];

/** One section still to be read, with what is known of it. */
export interface CohortEntry extends ReadSectionOptions {
  readonly id: string;
  /** A folder or an .h5ad file. */
  readonly path: string;
}

/**
 * Reads a manifest. Relative paths start at it.
 *
 * @throws DataError for missing, unknown or repeated columns, repeated ids, or fields that cannot be used.
 */
export async function readManifest(path: string): Promise<CohortEntry[]> {
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

function manifestEntry(row: Readonly<Record<string, string>>, line: number, path: string): CohortEntry {
  const empty = REQUIRED.filter((name) => row[name] === '');
  if (empty.length > 0) {
    throw new DataError(OPERATION, {
      need: `values for ${REQUIRED.join(', ')}`,
      found: `no ${empty.join(', ')} in line ${line} of ${path}`,
      next: 'sections of one donor share one patient name',
    });
  }
  const at = (name: string) => (isAbsolute(name) ? name : join(dirname(resolve(path)), name));
  const entry = { id: row.id!, path: at(row.path!), patient: row.patient!, study: row.study! };
  const image = row.image ? { imagePath: at(row.image) } : {};
  const patches = row.patches ? { patchesPath: at(row.patches) } : {};
  return { ...entry, ...image, ...patches, ...manifestMpp(row.mpp, line, path), ...movedBy(row, line, path) };
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

/** The spots' transform; absent when all its fields are empty. */
function movedBy(
  row: Readonly<Record<string, string>>,
  line: number,
  path: string,
): { transform?: SpotTransform } {
  const [scale, rotationDeg, shiftXPx, shiftYPx] = TRANSFORM.map((name) => {
    if (row[name] === undefined || row[name] === '') return undefined;
    const value = finiteNumber(row[name]);
    if (value !== undefined && (name !== 'scale' || value > 0)) return value;
    throw new DataError(OPERATION, {
      need: `a ${name === 'scale' ? 'scale above 0' : `number in ${name}`} or nothing`,
      found: `"${row[name]}" in line ${line} of ${path}`,
    });
  });
  const given = { scale, rotationDeg, shiftXPx, shiftYPx };
  const fields = Object.entries(given).filter(([, value]) => value !== undefined);
  return fields.length === 0 ? {} : { transform: Object.fromEntries(fields) as SpotTransform };
}
