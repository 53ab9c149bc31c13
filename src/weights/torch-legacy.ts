/**
 * PyTorch checkpoints before 1.6 (and today with `_use_new_zipfile_serialization=False`): five pickles, namely magic
 * number, protocol, system facts, the object, the storages' keys, and behind them every storage as a 64-bit count and
 * its elements.
 */
import { ByteCursor } from './byte-cursor.ts';
import { COPY_AGAIN, type FileBytes } from './file-bytes.ts';
import { unpickle } from './pickle.ts';
import { type PickleHooks, Placeholder } from './pickle-values.ts';
import { STORED_WIDTHS } from './stored-tensor.ts';
import { torchGlobals } from './torch-globals.ts';
import { storageReference } from './torch-storage.ts';
import { TorchStorage } from './torch-tensor.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** Pickles that hold plain values only. */
const PLAIN: PickleHooks = {
  global: (module, name) => new Placeholder(`${module}.${name}`),
  persistent: () => new Placeholder('a storage'),
};

function checkHead(cursor: ByteCursor): void {
  const { file } = cursor;
  if (unpickle(cursor, PLAIN) !== MAGIC) {
    throw file.refuse(
      'a checkpoint written by torch.save',
      'another pickle',
      'save the state dict with torch.save',
    );
  }
  const protocol = unpickle(cursor, PLAIN);
  if (protocol !== PROTOCOL) {
    throw file.refuse(
      `PyTorch's format ${PROTOCOL}`,
      typeof protocol === 'number' ? `${protocol}` : 'another',
    );
  }
  const facts = unpickle(cursor, PLAIN);
  if (!(facts instanceof Map) || facts.get('little_endian') !== true) {
    throw file.refuse('little-endian numbers', 'another byte order', 'save it on a little-endian machine');
  }
}

/** Collects storages while the object is read. A part of a storage is a storage of its own, placed later. */
class LegacyStorages {
  readonly #file: FileBytes;
  readonly #whole = new Map<string, TorchStorage>();
  readonly #parts: { readonly part: TorchStorage; readonly of: TorchStorage; readonly first: number }[] = [];

  constructor(file: FileBytes) {
    this.#file = file;
  }

  readonly persistent = (id: unknown): unknown => {
    const reference = storageReference(id, this.#file);
    if (reference instanceof Placeholder) return reference;
    const { key, dtype, count, part } = reference;
    const storage = this.#whole.get(key) ?? new TorchStorage(key, dtype, count);
    if (storage.dtype !== dtype || storage.count !== count) {
      throw this.#file.refuse(`storage ${key} of one type and size`, `${dtype} and ${storage.dtype}`);
    }
    this.#whole.set(key, storage);
    if (part === undefined) return storage;
    if (part.first + part.count > count) {
      throw this.#file.refuse(`a part of the ${count} elements of storage ${key}`, 'one that reaches beyond');
    }
    const own = new TorchStorage(key, dtype, part.count);
    this.#parts.push({ part: own, of: storage, first: part.first });
    return own;
  };

  /** Walks the blocks behind the pickles, in the order of `keys`. */
  place(cursor: ByteCursor, keys: unknown): void {
    const file = this.#file;
    if (!Array.isArray(keys)) throw file.refuse('a list of storage keys', 'something else', COPY_AGAIN);
    for (const key of keys) {
      const storage = this.#whole.get(key as string);
      if (storage === undefined) {
        throw file.refuse(
          'storages that tensors of known types use',
          'another one',
          'save only the state dict',
        );
      }
      const count = cursor.uint64();
      if (count !== storage.count) {
        throw file.refuse(`${storage.count} elements in storage ${storage.key}`, `${count}`, COPY_AGAIN);
      }
      if (storage.byteLength > cursor.left) {
        const need = `${storage.byteLength} bytes of storage ${storage.key}`;
        throw file.refuse(need, `${cursor.left} bytes before the end`, COPY_AGAIN);
      }
      storage.position = cursor.position;
      cursor.position += storage.byteLength;
    }
    for (const { part, of, first } of this.#parts) {
      if (of.position !== undefined) part.position = of.position + first * STORED_WIDTHS[of.dtype];
    }
  }

  /** @throws DataError when the file does not hold a storage that a tensor uses. */
  checkComplete(): void {
    const missing = [...this.#whole.values()].find(({ position }) => position === undefined);
    if (missing !== undefined) throw this.#file.refuse(`storage ${missing.key}`, 'none', COPY_AGAIN);
  }
}

/**
 * The pickled object of a legacy checkpoint; tensors in it read their storages on demand.
 *
 * @throws DataError when a pickle or a storage is damaged or unusual.
 */
export function readTorchLegacy(file: FileBytes): unknown {
  const cursor = new ByteCursor(file, 0, file.size);
  checkHead(cursor);
  const storages = new LegacyStorages(file);
  const root = unpickle(cursor, { global: torchGlobals(file), persistent: storages.persistent });
  storages.place(cursor, unpickle(cursor, PLAIN));
  storages.checkComplete();
  return root;
}
