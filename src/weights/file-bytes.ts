/** Random access to one open file: ranges are fetched when asked for, and nothing is kept. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DataError, UsageError } from '../errors.ts';

const OPERATION = 'read weights';
/** Largest single read; the system call takes no more than 2 GiB. */
const CHUNK_BYTES = 2 ** 30;

/** What to do about a file that ends too early. */
export const COPY_AGAIN = 'the file is cut off or damaged: copy or download it again';

/** An open file that weights are read from. */
export class FileBytes {
  readonly path: string;
  readonly size: number;
  #descriptor: number | undefined;

  /** Use {@link openBytes}. */
  constructor(path: string, size: number, descriptor: number) {
    this.path = path;
    this.size = size;
    this.#descriptor = descriptor;
  }

  /**
   * The bytes of one range, in memory of their own that starts at an aligned address.
   *
   * @throws DataError when the range reaches beyond the end of the file or cannot be read, UsageError after
   * {@link close}.
   */
  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) {
      throw new UsageError(OPERATION, { need: 'an open file', found: `${this.path}, which was closed` });
    }
    if (position < 0 || length < 0 || position + length > this.size) {
      throw this.refuse(`${length} bytes at byte ${position}`, `${this.size} bytes in all`, COPY_AGAIN);
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const wanted = Math.min(length - done, CHUNK_BYTES);
      const got = this.#attempt(() => readSync(descriptor, bytes, done, wanted, position + done));
      if (got === 0) throw this.refuse(`${this.size} bytes`, 'fewer: it became shorter during the reading');
      done += got;
    }
    return bytes;
  }

  #attempt(work: () => number): number {
    try {
      return work();
    } catch (cause) {
      throw this.refuse(
        'a readable file',
        cause instanceof Error ? cause.message : 'a failure',
        undefined,
        cause,
      );
    }
  }

  /** A DataError about this file: `found` is completed by its path. */
  refuse(need: string, found: string, next?: string, cause?: unknown): DataError {
    return new DataError(OPERATION, {
      need,
      found: `${found} in ${this.path}`,
      ...(next === undefined ? {} : { next }),
      cause,
    });
  }

  /** Closes the file; tensors not yet fetched can no longer be. Closing twice is allowed. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/**
 * Opens a file for reading ranges.
 *
 * @throws UsageError when there is no readable file of that name.
 */
export function openBytes(path: string): FileBytes {
  let descriptor: number | undefined;
  let cause: unknown;
  try {
    descriptor = openSync(path, 'r');
    const facts = fstatSync(descriptor);
    if (facts.isFile()) return new FileBytes(path, facts.size, descriptor);
  } catch (error) {
    cause = error;
  }
  if (descriptor !== undefined) closeSync(descriptor);
  const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'not a regular file';
  throw new UsageError(OPERATION, {
    need: 'a weights file',
    found: `${path} (${reason === 'ENOENT' ? 'no such file' : reason})`,
    next: 'check the path',
    cause,
  });
}

/** Runs `work` on a newly opened file and closes the file if that fails. */
export async function closingOnFailure<T>(file: FileBytes, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    file.close();
    throw error;
  }
}
