/** Folders of HEST-1k and tasks of HEST-Benchmark. */
import { basename, join, resolve } from 'node:path';
import { DataError } from '../errors.ts';
import { readGeneList } from './gene-list.ts';
import { type HestSample, readHestTable } from './hest-samples.ts';
import { nameSome } from './names.ts';
import { listFolder, pathKind, requireFolder } from './paths.ts';
import { parseTable, readText } from './text-file.ts';

/** One sample of a HEST folder and where its files lie. */
export interface HestEntry {
  readonly id: string;
  readonly expressionPath: string;
  /** Absent where no patches were downloaded. */
  readonly patchesPath?: string;
  /** Row of the table at the folder's root; absent without one. */
  readonly sample?: HestSample;
}

/** The folder's subfolder with .h5ad files: `st` (HEST-1k) or `adata` (HEST-Benchmark); undefined for other folders. */
export async function hestExpressionFolder(folder: string): Promise<string | undefined> {
  for (const name of ['st', 'adata']) {
    const files = await listFolder(join(folder, name));
    if (files.some((file) => file.endsWith('.h5ad'))) return join(folder, name);
  }
  return undefined;
}

/**
 * Lists a HEST folder: `st/{id}.h5ad` (or `adata/`), `patches/{id}.h5`, and the sample table `HEST*.csv` at its root.
 *
 * @throws UsageError when the folder does not exist.
 * @throws DataError when it holds no .h5ad files, or several tables.
 */
export async function listHestFolder(folder: string): Promise<HestEntry[]> {
  const operation = 'listHestFolder';
  await requireFolder(folder, operation, 'a HEST folder');
  const expression = await hestExpressionFolder(folder);
  if (expression === undefined) {
    throw new DataError(operation, { need: 'st/*.h5ad or adata/*.h5ad', found: `none in ${folder}` });
  }
  const samples = new Map((await rootTable(folder, operation)).map((sample) => [sample.id, sample]));
  const patches = new Set(await listFolder(join(folder, 'patches')));
  const files = (await listFolder(expression)).filter((name) => name.endsWith('.h5ad'));
  return files.map((file) => {
    const id = file.slice(0, -'.h5ad'.length);
    const sample = samples.get(id);
    return {
      id,
      expressionPath: join(expression, file),
      ...(patches.has(`${id}.h5`) ? { patchesPath: join(folder, 'patches', `${id}.h5`) } : {}),
      ...(sample === undefined ? {} : { sample }),
    };
  });
}

/**
 * The sample table at a path: the file itself, or `HEST*.csv` at the root of a folder; of a folder with `st/` or `adata/` only
 * the samples whose files lie there.
 *
 * @throws UsageError when nothing lies there.
 * @throws DataError for a folder without a table or with several, a table that cannot be used, or files that it does not list.
 */
export async function readHestSamples(path: string): Promise<HestSample[]> {
  if ((await pathKind(path)) !== 'folder') return readHestTable(path);
  const operation = 'readHestSamples';
  const table = await rootTable(path, operation);
  if (table.length === 0) {
    throw new DataError(operation, { need: 'a sample table HEST*.csv', found: `none in ${path}` });
  }
  if ((await hestExpressionFolder(path)) === undefined) return table;
  const entries = await listHestFolder(path);
  const strangers = entries.filter(({ sample }) => sample === undefined).map(({ id }) => id);
  if (strangers.length === 0) return entries.map(({ sample }) => sample!);
  throw new DataError(operation, {
    need: 'rows for all files in the sample table',
    found: `none for ${nameSome(strangers)} in ${path}`,
  });
}

async function rootTable(folder: string, operation: string): Promise<HestSample[]> {
  const tables = (await listFolder(folder)).filter((name) => /^HEST.*\.csv$/i.test(name));
  if (tables.length === 0) return [];
  if (tables.length === 1) return readHestTable(join(folder, tables[0]!));
  throw new DataError(operation, {
    need: 'one sample table HEST*.csv',
    found: `${tables.length} (${nameSome(tables)}) in ${folder}`,
    next: 'keep the one that belongs to the data',
  });
}

/** One line of a split file. */
export interface HestTaskRow {
  readonly id: string;
  readonly patchesPath: string;
  readonly expressionPath: string;
}

export interface HestFold {
  readonly train: readonly HestTaskRow[];
  readonly test: readonly HestTaskRow[];
}

/** A task of HEST-Benchmark. */
export interface HestTask {
  /** The folder's name, e.g. COAD. */
  readonly name: string;
  /** In the order of their numbers. */
  readonly folds: readonly HestFold[];
  /** `var_50genes.json`; empty where the folder has none. */
  readonly genes: readonly string[];
}

/** Whether a folder has split files, so that {@link readHestTask} reads it. */
export async function isHestTask(folder: string): Promise<boolean> {
  const names = await listFolder(join(folder, 'splits'));
  return names.some((name) => /^train_\d+\.csv$/.test(name));
}

/**
 * Reads a task folder: `splits/train_{i}.csv`, `splits/test_{i}.csv`, `var_50genes.json`. Paths in the splits start at the
 * folder.
 *
 * @throws UsageError when the folder does not exist.
 * @throws DataError when splits are absent, come unpaired, lack columns, name files that are not there, or put one sample on
 *   both sides.
 */
export async function readHestTask(folder: string): Promise<HestTask> {
  const operation = 'readHestTask';
  await requireFolder(folder, operation, 'a task folder of HEST-Benchmark');
  const names = await listFolder(join(folder, 'splits'));
  const numbers = (side: string) =>
    names.flatMap((name) => {
      const found = new RegExp(`^${side}_(\\d+)\\.csv$`).exec(name);
      return found === null ? [] : [Number(found[1])];
    });
  const [train, test] = [numbers('train'), numbers('test')].map((list) => list.sort((a, b) => a - b));
  if (train!.length === 0 || train!.join() !== test!.join()) {
    throw new DataError(operation, {
      need: 'splits/train_{i}.csv and splits/test_{i}.csv for every fold',
      found: `train ${train!.join(' ') || 'none'}, test ${test!.join(' ') || 'none'} in ${folder}`,
    });
  }
  const folds: HestFold[] = [];
  for (const i of train!) folds.push(await readFold(folder, i, operation));
  const list = join(folder, 'var_50genes.json');
  const genes = (await pathKind(list)) === 'file' ? await readGeneList(list) : [];
  return { name: basename(resolve(folder)), folds, genes };
}

async function readFold(folder: string, i: number, operation: string): Promise<HestFold> {
  const train = await readSplit(folder, `train_${i}.csv`, operation);
  const test = await readSplit(folder, `test_${i}.csv`, operation);
  const shared = test.filter(({ id }) => train.some((row) => row.id === id)).map(({ id }) => id);
  if (shared.length === 0) return { train, test };
  throw new DataError(operation, {
    need: 'samples on one side of a fold',
    found: `${nameSome(shared)} on both of fold ${i} in ${folder}`,
  });
}

async function readSplit(folder: string, name: string, operation: string): Promise<HestTaskRow[]> {
  const path = join(folder, 'splits', name);
  const table = parseTable(await readText(path, operation), ',', operation, path);
  const columns = ['sample_id', 'patches_path', 'expr_path'];
  const missing = columns.filter((column) => !table.columns.includes(column));
  if (missing.length > 0 || table.rows.length === 0) {
    const found = missing.length > 0 ? `no ${missing.join(', ')}` : 'no samples';
    throw new DataError(operation, { need: `rows of ${columns.join(', ')}`, found: `${found} in ${path}` });
  }
  const rows = table.rows.map((row) => ({
    id: row.sample_id!,
    patchesPath: join(folder, row.patches_path!),
    expressionPath: join(folder, row.expr_path!),
  }));
  for (const { patchesPath, expressionPath } of rows) {
    for (const file of [patchesPath, expressionPath]) {
      if ((await pathKind(file)) === 'file') continue;
      throw new DataError(operation, { need: `the files that ${path} names`, found: `nothing at ${file}` });
    }
  }
  return rows;
}
