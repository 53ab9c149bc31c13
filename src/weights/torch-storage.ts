/** The persistent ids by which a PyTorch pickle names its storages. */
import type { FileBytes } from './file-bytes.ts';
import { Placeholder } from './pickle-values.ts';
import type { StoredDtype } from './stored-tensor.ts';
import { TorchType } from './torch-globals.ts';

/** A storage as a pickle names it. */
export interface StorageReference {
  readonly key: string;
  readonly dtype: StoredDtype;
  /** Number of elements. */
  readonly count: number;
  /** A part of it, in elements: files of PyTorch before 0.4 have these. */
  readonly part?: { readonly first: number; readonly count: number };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function partOf(view: unknown): { part?: { first: number; count: number } } | undefined {
  if (view === null || view === undefined) return {};
  const [, first, count] = Array.isArray(view) ? view : [];
  return isCount(first) && isCount(count) ? { part: { first, count } } : undefined;
}

/**
 * Understands `('storage', type, key, device, count[, view])`; the device does not matter. A storage of a type that
 * is not on the allow-list and a `('module', class, ...)` become placeholders.
 *
 * @throws DataError for anything else.
 */
export function storageReference(id: unknown, file: FileBytes): StorageReference | Placeholder {
  const [kind, type, key, , count, view] = Array.isArray(id) ? id : [];
  if ((kind === 'storage' || kind === 'module') && type instanceof Placeholder) return type;
  const part = partOf(view);
  if (kind === 'storage' && type instanceof TorchType && typeof key === 'string' && isCount(count) && part) {
    return { key, dtype: type.dtype, count, ...part };
  }
  throw file.refuse('references to storages', 'a reference to something else');
}
