/**
 * Reading safetensors files: an 8-byte little-endian header length, a JSON header, then the tensors' bytes.
 *
 * @source https://huggingface.co/docs/safetensors (the format's description).
 */
import { COPY_AGAIN, type FileBytes, openBytes } from './file-bytes.ts';
import { type HeaderEntry, parseHeader } from './safetensors-header.ts';
import type { StoredTensor } from './stored-tensor.ts';

/** The format's own limit, against headers made to exhaust memory. */
const LONGEST_HEADER_BYTES = 100_000_000;

/** An open file; its tensors are fetched one by one. */
export interface SafetensorsFile {
  readonly path: string;
  /** Texts under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Each access to a tensor's `bytes` reads that range of the file; nothing is kept. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Closes the file; later access to `bytes` throws UsageError. Closing twice is allowed. */
  close(): void;
}

function storedTensor(file: FileBytes, dataStart: number, entry: HeaderEntry): StoredTensor {
  const { dtype, shape, begin, end } = entry;
  return {
    dtype,
    shape,
    get bytes() {
      return file.read(dataStart + begin, end - begin);
    },
  };
}

function headerLength(file: FileBytes): number {
  if (file.size < 8) throw file.refuse('a safetensors file', `${file.size} bytes`, COPY_AGAIN);
  const length = Number(new DataView(file.read(0, 8).buffer).getBigUint64(0, true));
  if (length > LONGEST_HEADER_BYTES) {
    throw file.refuse(`a header of at most ${LONGEST_HEADER_BYTES} bytes`, `a length of ${length}`);
  }
  if (length > file.size - 8) {
    throw file.refuse(`a header of ${length} bytes`, `${file.size - 8} bytes behind its length`, COPY_AGAIN);
  }
  return length;
}

/** Reads the header of an open file; the caller closes it, also on failure. */
export function readSafetensors(file: FileBytes): SafetensorsFile {
  const length = headerLength(file);
  const dataStart = 8 + length;
  const { entries, metadata } = parseHeader(file.read(8, length), file.size - dataStart, file);
  return {
    path: file.path,
    metadata,
    tensors: new Map(entries.map((entry) => [entry.name, storedTensor(file, dataStart, entry)])),
    close: () => file.close(),
  };
}

/**
 * Opens a safetensors file. The header is read and checked as a whole; tensors are fetched when their `bytes` are
 * read. Close it when done.
 *
 * @throws UsageError when there is no such file, DataError when it is cut off or says something impossible.
 * @example
 * const file = openSafetensors('backbone.safetensors');
 * for (const [name, { dtype, shape }] of file.tensors) console.log(name, dtype, shape);
 * file.close();
 */
export function openSafetensors(path: string): SafetensorsFile {
  const file = openBytes(path);
  try {
    return readSafetensors(file);
  } catch (error) {
    file.close();
    throw error;
  }
}
