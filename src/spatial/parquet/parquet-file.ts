/** Reading Parquet tables, damaged ones included: hyparquet in a thread of its own. */
import { stat } from 'node:fs/promises';
import { DataError } from '../../errors.ts';
import { type GuardedWorker, WorkerFailure } from '../guard/guarded-worker.ts';
import { requestLimitMs, WorkerPool } from '../guard/worker-pool.ts';
import { nameSome } from '../names.ts';
import {
  type ParquetColumn,
  type ParquetRequest,
  type ParquetSummary,
  parquetWorker,
} from './parquet-worker.ts';

export type { ParquetColumn } from './parquet-worker.ts';

const workers = new WorkerPool(parquetWorker, () => [
  import.meta.resolve('hyparquet'),
  import.meta.resolve('hyparquet-compressors'),
]);

/** Rows read at a time: the whole of small groups, parts of large ones. */
const BLOCK_ROWS = 4_000_000;

/** More rows than a table of transcripts or bins has; a damaged file can claim any number. */
const MAX_ROWS = 4e9;

/** An open table. */
export interface ParquetFile {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /**
   * The named columns, block after block in row order.
   *
   * @throws DataError when a column is absent or damaged.
   */
  blocks(columns: readonly string[]): AsyncGenerator<Readonly<Record<string, ParquetColumn>>>;
  /** Closing twice is allowed. */
  close(): Promise<void>;
}

/**
 * Opens a table; the caller closes it.
 *
 * @throws DataError when it is no Parquet file, damaged, or not answered in time.
 */
export async function openParquet(path: string, operation: string): Promise<ParquetFile> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, operation, (cause as Error).message, cause);
  });
  const worker = await workers.acquire();
  const ask = asker(worker, path, operation, size);
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await ask({ kind: 'close' }).catch(() => undefined);
    await workers.release(worker);
  };
  try {
    const { columns, groupRows } = await ask<ParquetSummary>({ kind: 'open', file: path });
    const rows = groupRows.reduce((sum, count) => sum + count, 0);
    if (!(groupRows.every((count) => count >= 0) && rows <= MAX_ROWS)) {
      throw unreadable(path, operation, `it claims ${rows} rows`);
    }
    const blocks = (names: readonly string[]) =>
      readBlocks(ask, { path, operation, columns, groupRows }, names);
    return { path, columns, rows, blocks, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Ask = <T>(request: ParquetRequest) => Promise<T>;

function unreadable(path: string, operation: string, reason: string, cause?: unknown): DataError {
  return new DataError(operation, {
    need: 'a readable Parquet file',
    found: `${path} (${reason.split('\n')[0]!.slice(0, 200)})`,
    next: 'check that the file was downloaded completely',
    cause,
  });
}

function asker(worker: GuardedWorker, path: string, operation: string, bytes: number): Ask {
  return async <T>(request: ParquetRequest) => {
    try {
      return await worker.request<T>(request, requestLimitMs(bytes));
    } catch (error) {
      throw error instanceof WorkerFailure ? unreadable(path, operation, error.message, error) : error;
    }
  };
}

async function* readBlocks(
  ask: Ask,
  file: { path: string; operation: string; columns: readonly string[]; groupRows: readonly number[] },
  names: readonly string[],
): AsyncGenerator<Readonly<Record<string, ParquetColumn>>> {
  const missing = names.filter((name) => !file.columns.includes(name));
  if (missing.length > 0) {
    throw new DataError(file.operation, {
      need: `the columns ${names.join(', ')}`,
      found: `no ${nameSome(missing)} in ${file.path}`,
    });
  }
  let start = 0;
  for (const count of file.groupRows) {
    for (let from = start; from < start + count; from += BLOCK_ROWS) {
      const to = Math.min(start + count, from + BLOCK_ROWS);
      yield await ask({ kind: 'read', columns: names, from, to });
    }
    start += count;
  }
}

/** Text of every row of a column; numbers are spelt out, gaps are empty. */
export function parquetText(column: ParquetColumn): string[] {
  return column.kind === 'text'
    ? Array.from(column.codes, (code) => column.names[code] ?? '')
    : Array.from(column.values, (value) => (Number.isNaN(value) ? '' : String(value)));
}

/** Numbers of every row of a column; text that is none becomes NaN. */
export function parquetNumbers(column: ParquetColumn): Float64Array {
  if (column.kind === 'numbers') return column.values;
  const numbers = column.names.map((name) => (name.trim() === '' ? Number.NaN : Number(name)));
  return Float64Array.from(column.codes, (code) => numbers[code] ?? Number.NaN);
}
