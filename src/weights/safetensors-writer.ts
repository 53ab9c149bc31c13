/** Writing safetensors files: the same tensors and texts give the same bytes, whatever order they come in. */
import { open } from 'node:fs/promises';
import { writeAtomically } from '../core/atomic-file.ts';
import { DataError, isMvHybridError, UsageError } from '../errors.ts';
import { METADATA_KEY } from './safetensors-header.ts';
import {
  countOf,
  type FloatDtype,
  STORED_WIDTHS,
  type StoredTensor,
  withFloatDtype,
} from './stored-tensor.ts';

const OPERATION = 'write weights';
const LAYOUT = Object.keys(STORED_WIDTHS);

export interface WriteOptions {
  /** Texts kept under `__metadata__`, e.g. the backbone's name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Type for all floating point tensors, rounded to nearest, ties to even; as they are without it. */
  readonly dtype?: FloatDtype;
}

/** Wide types first, so that every tensor starts at a multiple of its element size; then by name. */
function inFileOrder(tensors: ReadonlyMap<string, StoredTensor>): [string, StoredTensor][] {
  return [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      LAYOUT.indexOf(a.dtype) - LAYOUT.indexOf(b.dtype) || (nameA < nameB ? -1 : Number(nameA > nameB)),
  );
}

/** JSON padded with spaces, so that the data start at a multiple of 8. */
function headerBytes(
  ordered: readonly [string, StoredTensor][],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const texts = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const members =
    texts.length === 0 ? [] : [`"${METADATA_KEY}":${JSON.stringify(Object.fromEntries(texts))}`];
  let offset = 0;
  for (const [name, { dtype, shape }] of ordered) {
    const end = offset + countOf(shape) * STORED_WIDTHS[dtype];
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = Buffer.from(`{${members.join(',')}}`);
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}

/**
 * A safetensors file in pieces: the header, then one tensor at a time, each fetched when its turn comes.
 *
 * @throws UsageError for a tensor named like the metadata, DataError for bytes that do not fit type and shape.
 */
export function* safetensorsPieces(
  tensors: ReadonlyMap<string, StoredTensor>,
  { metadata = {}, dtype }: WriteOptions = {},
): Generator<Uint8Array> {
  if (tensors.has(METADATA_KEY)) {
    throw new UsageError(OPERATION, { need: 'another name', found: `a tensor named ${METADATA_KEY}` });
  }
  const typed = [...tensors].map(([name, stored]): [string, StoredTensor] => [
    name,
    dtype === undefined ? stored : withFloatDtype(stored, dtype),
  ]);
  const ordered = inFileOrder(new Map(typed));
  yield headerBytes(ordered, metadata);
  for (const [name, stored] of ordered) {
    const { bytes } = stored;
    const needed = countOf(stored.shape) * STORED_WIDTHS[stored.dtype];
    if (bytes.length !== needed) {
      throw new DataError(OPERATION, { need: `${needed} bytes for ${name}`, found: `${bytes.length}` });
    }
    yield bytes;
  }
}

/**
 * Writes `path` whole or not at all. One tensor at a time is in memory.
 *
 * @throws UsageError when the path cannot be written, and as {@link safetensorsPieces}.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  options: WriteOptions = {},
): Promise<void> {
  try {
    await writeAtomically(path, async (temporary) => {
      const handle = await open(temporary, 'w');
      try {
        for (const piece of safetensorsPieces(tensors, options)) await handle.writeFile(piece);
      } finally {
        await handle.close();
      }
    });
  } catch (cause) {
    if (isMvHybridError(cause) || !(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new UsageError(OPERATION, {
      need: 'a path that can be written',
      found: `${path} (${cause.code})`,
      cause,
    });
  }
}
