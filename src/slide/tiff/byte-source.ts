/** Random access to a file: only the bytes that are asked for are read. */
import { type FileHandle, open } from 'node:fs/promises';
import { DataError, UsageError } from '../../errors.ts';

/** Where the bytes of a slide come from. */
export interface ByteSource {
  /** Name used in messages. */
  readonly path: string;
  readonly sizeBytes: number;
  /**
   * `length` bytes from `position`, owned by the caller.
   * @throws DataError if they do not all lie inside the file.
   */
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a file for random access.
 *
 * @throws UsageError if there is no readable regular file at `path`.
 */
export async function openByteSource(path: string): Promise<ByteSource> {
  const need = 'a readable slide file';
  const next = 'check the path';
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new UsageError('openSlide', { need, found: `nothing readable at ${path}`, next, cause });
  });
  const info = await handle.stat();
  if (info.isFile()) return new FileSource(path, info.size, handle);
  await handle.close();
  throw new UsageError('openSlide', { need, found: `no regular file at ${path}`, next });
}

class FileSource implements ByteSource {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  constructor(path: string, sizeBytes: number, handle: FileHandle) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.#handle = handle;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const inside = position >= 0 && length >= 0 && position + length <= this.sizeBytes;
    if (!inside || !Number.isSafeInteger(position)) throw this.#outside(position, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) throw this.#outside(position, length);
      done += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #outside(position: number, length: number): DataError {
    return new DataError('openSlide', {
      need: `bytes ${position} to ${position + length} of ${this.path}`,
      found: `a file of ${this.sizeBytes} bytes`,
      next: 'the file is truncated or damaged; copy it again',
    });
  }
}
