/** Opening HDF5 files through h5wasm and reading columns of numbers and names from them. */
import { open } from 'node:fs/promises';
import { Dataset, File, ready } from 'h5wasm/node';
import { DataError } from '../errors.ts';

/** HDF5's fixed first eight bytes. */
const SIGNATURE = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);

/** An open file with the names used in messages. */
export interface Hdf5File {
  readonly file: File;
  readonly path: string;
  readonly operation: string;
}

async function hasSignature(path: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { buffer } = await handle.read({ buffer: Buffer.alloc(8), position: 0 });
    return SIGNATURE.equals(buffer);
  } finally {
    await handle.close();
  }
}

function unreadable(operation: string, path: string, cause?: unknown): DataError {
  return new DataError(operation, {
    need: 'a readable HDF5 file',
    found: `${path} (${cause instanceof Error ? cause.message.split('\n')[0] : 'no HDF5 signature'})`,
    next: 'check that the file was downloaded completely',
    cause,
  });
}

/**
 * Opens the file, hands it to `read` and closes it whatever happens.
 *
 * @throws DataError when the file is absent, no HDF5 or damaged.
 */
export async function withHdf5<T>(path: string, operation: string, read: (open: Hdf5File) => T): Promise<T> {
  // The signature is checked first because the library answers a bad file with a printed stack trace.
  const valid = await hasSignature(path).catch((cause: unknown) => {
    throw unreadable(operation, path, cause);
  });
  if (!valid) throw unreadable(operation, path);
  const module = await ready;
  module.activate_throwing_error_handler();
  let file: File | undefined;
  try {
    file = new File(path, 'r');
    return read({ file, path, operation });
  } catch (cause) {
    throw cause instanceof DataError ? cause : unreadable(operation, path, cause);
  } finally {
    module.deactivate_throwing_error_handler();
    file?.close();
  }
}

function dataset({ file, path, operation }: Hdf5File, key: string): Dataset {
  const parts = key.split('/');
  let here: unknown = file;
  for (const part of parts) {
    const group = here as File;
    here = typeof group?.keys === 'function' && group.keys().includes(part) ? group.get(part) : undefined;
  }
  if (here instanceof Dataset) return here;
  throw new DataError(operation, { need: `a data set "${key}"`, found: `none in ${path}` });
}

/** Whether the file holds a data set of that name. */
export function hasDataset(open: Hdf5File, key: string): boolean {
  try {
    dataset(open, key);
    return true;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

/**
 * A one-dimensional column of numbers; 64-bit integers become doubles.
 *
 * @throws DataError when it is absent or holds something else.
 */
export function readNumbers(open: Hdf5File, key: string): Float64Array {
  const value = dataset(open, key).value as unknown;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Float64Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  }
  throw new DataError(open.operation, { need: `numbers in "${key}"`, found: `other values in ${open.path}` });
}

/**
 * A one-dimensional column of text, fixed or variable length.
 *
 * @throws DataError when it is absent or holds something else.
 */
export function readStrings(open: Hdf5File, key: string): string[] {
  const value = dataset(open, key).value as unknown;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new DataError(open.operation, { need: `text in "${key}"`, found: `other values in ${open.path}` });
}
