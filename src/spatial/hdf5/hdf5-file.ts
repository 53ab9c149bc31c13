/** Reading HDF5 files, damaged ones included: h5wasm in a thread of its own, one per file being read. */
import { open } from 'node:fs/promises';
import { DataError, isMvHybridError } from '../../errors.ts';
import { type GuardedWorker, WorkerFailure } from '../guard/guarded-worker.ts';
import { requestLimitMs, WorkerPool } from '../guard/worker-pool.ts';
import { STAND_IN } from './boolean-type.ts';
import type { Hdf5Item, Hdf5Listing, Hdf5Request, Hdf5Values, NumberArray } from './hdf5-messages.ts';
import { hdf5Worker } from './hdf5-worker.ts';

/** HDF5's fixed first eight bytes. */
const SIGNATURE = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);

/** WebAssembly memory never shrinks; a worker that has grown beyond this is not kept. */
const KEPT_HEAP_BYTES = 2 ** 28;

export const hdf5Workers = new WorkerPool(hdf5Worker, () => [import.meta.resolve('h5wasm/node'), STAND_IN]);

/** A part of an axis: rows `from` up to but without `to`. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

function unreadable(operation: string, path: string, reason: string, cause?: unknown): DataError {
  return new DataError(operation, {
    need: 'a readable HDF5 file',
    found: `${path} (${reason})`,
    next: 'check that the file was downloaded completely',
    cause,
  });
}

/** The innermost line of HDF5's error stack says what was wrong; other messages are one line already. */
function reasonOf(error: WorkerFailure): string {
  const stack = [...error.message.matchAll(/^\s*#\d+: .*?\(\): (.+)$/gm)];
  return stack.at(-1)?.[1] ?? error.message.split('\n')[0]!.slice(0, 200);
}

/** Size of a file that starts as an HDF5 file; undefined when it does not. */
async function sizeOfHdf5(path: string): Promise<number | undefined> {
  const handle = await open(path, 'r');
  try {
    const { buffer } = await handle.read({ buffer: Buffer.alloc(8), position: 0 });
    return SIGNATURE.equals(buffer) ? (await handle.stat()).size : undefined;
  } finally {
    await handle.close();
  }
}

/**
 * Opens the file; the caller closes it.
 *
 * @throws DataError when the file is absent, no HDF5, damaged, or not answered in time.
 */
export async function openHdf5(path: string, operation: string): Promise<Hdf5File> {
  const bytes = await sizeOfHdf5(path).catch((cause: unknown) => {
    throw unreadable(operation, path, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (bytes === undefined) throw unreadable(operation, path, 'no HDF5 signature');
  const file = new Hdf5File(await hdf5Workers.acquire(), { path, operation, bytes });
  try {
    await file.open();
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Opens the file, hands it to `read` and closes it whatever happens.
 *
 * @throws DataError as {@link openHdf5}; what `read` throws.
 */
export async function withHdf5<T>(
  path: string,
  operation: string,
  read: (file: Hdf5File) => Promise<T>,
): Promise<T> {
  const file = await openHdf5(path, operation);
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

/** An open file. Paths start at the root, without a leading slash. */
export class Hdf5File {
  readonly path: string;
  /** Who reads, for messages. */
  readonly operation: string;
  readonly #worker: GuardedWorker;
  readonly #bytes: number;
  readonly #listings = new Map<string, readonly Hdf5Item[]>();
  #root: Hdf5Item | undefined;
  #closed = false;

  constructor(worker: GuardedWorker, about: { path: string; operation: string; bytes: number }) {
    this.#worker = worker;
    this.path = about.path;
    this.operation = about.operation;
    this.#bytes = about.bytes;
  }

  async #ask<T>(request: Hdf5Request): Promise<T> {
    try {
      return await this.#worker.request<T>(request, requestLimitMs(this.#bytes));
    } catch (error) {
      if (isMvHybridError(error) || !(error instanceof WorkerFailure)) throw error;
      throw unreadable(this.operation, this.path, reasonOf(error), error);
    }
  }

  /** Called once by {@link openHdf5}. */
  async open(): Promise<void> {
    this.#root = await this.#ask<Hdf5Item>({ kind: 'open', file: this.path, bytes: this.#bytes });
  }

  /** Closing twice is allowed. A worker that cannot close, or has grown large, is not used again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const heapBytes = await this.#ask<number>({ kind: 'close' }).catch(() => Number.POSITIVE_INFINITY);
    if (heapBytes > KEPT_HEAP_BYTES) this.#worker.retire();
    await hdf5Workers.release(this.#worker);
  }

  /** The children of a group in stored order; none for anything else. */
  async children(path: string): Promise<readonly Hdf5Item[]> {
    const known = this.#listings.get(path);
    if (known !== undefined) return known;
    const item = await this.item(path);
    if (item?.kind !== 'group') return [];
    const { children, damaged } = await this.#ask<Hdf5Listing>({ kind: 'list', path });
    if (damaged) this.#worker.retire();
    this.#listings.set(path, children);
    return children;
  }

  /** What lies at a path, or undefined. */
  async item(path: string): Promise<Hdf5Item | undefined> {
    if (path === '') return this.#root;
    const cut = path.lastIndexOf('/');
    const siblings = await this.children(path.slice(0, Math.max(cut, 0)));
    return siblings.find(({ name }) => name === path.slice(cut + 1));
  }

  /** Whether a data set lies at a path. */
  async hasDataset(path: string): Promise<boolean> {
    return (await this.item(path))?.kind === 'dataset';
  }

  /**
   * @throws DataError when no data set lies there.
   */
  async dataset(path: string): Promise<Hdf5Item> {
    const item = await this.item(path);
    if (item?.kind === 'dataset') return item;
    throw new DataError(this.operation, { need: `a data set "${path}"`, found: `none in ${this.path}` });
  }

  /**
   * All values of a data set, or the rows named.
   *
   * @throws DataError when there is none, or it cannot be read.
   */
  async values(path: string, rows?: RowRange): Promise<Hdf5Values> {
    await this.dataset(path);
    return this.#ask<Hdf5Values>({ kind: 'read', path, ...rows });
  }

  /**
   * Numbers, row after row, as stored; 64-bit integers become doubles.
   *
   * @throws DataError when there is no such data set or it holds something else.
   */
  async numbers(
    path: string,
    rows?: RowRange,
  ): Promise<Exclude<NumberArray, BigInt64Array | BigUint64Array>> {
    const values = await this.values(path, rows);
    if (values.kind === 'numbers') {
      const { data } = values;
      const wide = data instanceof BigInt64Array || data instanceof BigUint64Array;
      return wide ? Float64Array.from(data, Number) : data;
    }
    throw new DataError(this.operation, {
      need: `numbers in "${path}"`,
      found: `other values in ${this.path}`,
    });
  }

  /**
   * Text, fixed or variable length.
   *
   * @throws DataError when there is no such data set or it holds something else.
   */
  async strings(path: string): Promise<readonly string[]> {
    const values = await this.values(path);
    if (values.kind === 'strings') return values.data;
    throw new DataError(this.operation, { need: `text in "${path}"`, found: `other values in ${this.path}` });
  }
}
