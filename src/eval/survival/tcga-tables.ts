/** TCGA survival tables in the layout that PANTHER's repository publishes: one row per slide. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, UsageError } from '../../errors.ts';
import { requireFile } from '../../spatial/paths.ts';
import { finiteNumber, parseTable, readText, type TextTable } from '../../spatial/text-file.ts';
import type { Fold } from '../splits.ts';

/** Overall survival, disease-specific survival, progression-free interval. */
export type Endpoint = 'os' | 'dss' | 'pfi';

export interface TcgaPatient {
  readonly id: string;
  /** Slide files, in table order. */
  readonly slides: readonly string[];
  readonly timeMonths: number;
  readonly event: boolean;
  /** Tissue source site (the second part of the barcode); undefined when the table has no such column. */
  readonly site: string | undefined;
  readonly oncotreeCode: string | undefined;
}

const OPERATION = 'readTcgaSurvival';

function requireColumns({ columns }: TextTable, wanted: readonly string[], path: string): void {
  const absent = wanted.filter((name) => !columns.includes(name));
  if (absent.length === 0) return;
  throw new DataError(OPERATION, {
    need: `the columns ${wanted.join(', ')}`,
    found: `none named ${absent.join(', ')} in ${path}`,
  });
}

async function readTable(path: string, need: string): Promise<TextTable> {
  await requireFile(path, OPERATION, need);
  return parseTable(await readText(path, OPERATION), ',', OPERATION, path);
}

/**
 * Reads patients from a slide table with the columns `case_id`, `slide_id`, `survival_months` and `censorship`
 * (1: censored, 0: event), the last two with the suffix `_dss` or `_pfi` for other endpoints.
 *
 * @throws UsageError when the file is missing; DataError for missing columns or values, or slides of one patient
 *   that disagree on its follow-up.
 */
export async function readTcgaSurvival(path: string, endpoint: Endpoint = 'os'): Promise<TcgaPatient[]> {
  const table = await readTable(path, 'a table of slides with follow-up');
  const suffix = endpoint === 'os' ? '' : `_${endpoint}`;
  const [time, censored] = [`survival_months${suffix}`, `censorship${suffix}`];
  requireColumns(table, ['case_id', 'slide_id', time, censored], path);
  const patients = new Map<string, TcgaPatient>();
  for (const [i, row] of table.rows.entries()) {
    const timeMonths = finiteNumber(row[time]);
    const mark = finiteNumber(row[censored]);
    const id = row.case_id!;
    if (timeMonths === undefined || timeMonths < 0 || (mark !== 0 && mark !== 1) || id === '') {
      throw new DataError(OPERATION, {
        need: `a case, a time of 0 or more in ${time} and 0 or 1 in ${censored}`,
        found: `"${id}", "${row[time]}" and "${row[censored]}" in line ${i + 2} of ${path}`,
      });
    }
    const event = mark === 0;
    const known = patients.get(id);
    if (known !== undefined && (known.timeMonths !== timeMonths || known.event !== event)) {
      throw new DataError(OPERATION, {
        need: `one follow-up per patient`,
        found: `${known.timeMonths} and ${timeMonths} months for ${id} in ${path}`,
      });
    }
    const slides = [...(known?.slides ?? []), row.slide_id!];
    const { site, oncotree_code: oncotreeCode } = row;
    patients.set(id, { id, slides, timeMonths, event, site, oncotreeCode });
  }
  return [...patients.values()];
}

/** Patients named in a column, empty cells left out. */
function namedIn({ rows }: TextTable, column: string): string[] {
  return rows.map((row) => row[column]!).filter((name) => name !== '');
}

/**
 * Reads one division: a table with the columns `train` and `val` (or `test`) of patient names, the shorter one
 * filled up with empty cells.
 *
 * @param patients in the order that the fold's indices refer to.
 * @throws UsageError when the file is missing; DataError for missing columns, patients that are not listed, or a
 *   patient on both sides.
 */
export async function readTcgaFold(
  path: string,
  patients: readonly { readonly id: string }[],
  name: string,
): Promise<Fold> {
  const table = await readTable(path, 'a table of training and test patients');
  const held = table.columns.includes('test') ? 'test' : 'val';
  requireColumns(table, ['train', held], path);
  const place = new Map(patients.map(({ id }, i) => [id, i]));
  const indices = (column: string) =>
    namedIn(table, column)
      .map((id) => {
        const i = place.get(id);
        if (i !== undefined) return i;
        throw new DataError(OPERATION, {
          need: 'patients with follow-up',
          found: `${id} in ${column} of ${path}`,
        });
      })
      .sort((a, b) => a - b);
  const [train, test] = [indices('train'), indices(held)];
  const trained = new Set(train);
  const both = test.find((i) => trained.has(i));
  if (both !== undefined || new Set(test).size !== test.length || trained.size !== train.length) {
    throw new DataError(OPERATION, {
      need: 'every patient once, on one side',
      found:
        both === undefined
          ? `a patient named twice in ${path}`
          : `${patients[both]!.id} on both sides of ${path}`,
    });
  }
  return { name, train, test };
}

/**
 * Reads all `splits_<n>.csv` (or `..._splits_<n>.csv`) of a folder, by number.
 *
 * @throws UsageError when there is none; DataError as {@link readTcgaFold}.
 */
export async function readTcgaFolds(
  folder: string,
  patients: readonly { readonly id: string }[],
): Promise<Fold[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const numbered = names
    .flatMap((name) => {
      const number = /(?:^|_)splits_(\d+)\.csv$/.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number);
  if (numbered.length === 0) {
    throw new UsageError(OPERATION, {
      need: 'files named splits_0.csv, splits_1.csv, ...',
      found: `none in ${folder}`,
    });
  }
  const folds: Fold[] = [];
  for (const { name, number } of numbered)
    folds.push(await readTcgaFold(join(folder, name), patients, `fold ${number + 1}`));
  return folds;
}

/** Sites that stand on both sides of a fold: staining and scanner differ by site, so a model may know them. */
export function sharedSites(fold: Fold, patients: readonly TcgaPatient[]): string[] {
  const sitesOf = (rows: readonly number[]) => new Set(rows.flatMap((i) => patients[i]!.site ?? []));
  const trained = sitesOf(fold.train);
  return [...sitesOf(fold.test)].filter((site) => trained.has(site)).sort();
}
