/** Tensors of PyTorch checkpoints: views with strides into storages that lie somewhere in the file. */
import type { FileBytes } from './file-bytes.ts';
import { countOf, STORED_WIDTHS, type StoredDtype, type StoredTensor } from './stored-tensor.ts';

/** Elements a tensor may have beyond those of its storage, as broadcast tensors do. */
const MOST_REPEATED = 2 ** 24;

/** One block of elements. Where it lies is known at once in zip files, at the end of reading in legacy ones. */
export class TorchStorage {
  readonly key: string;
  readonly dtype: StoredDtype;
  /** Number of elements. */
  readonly count: number;
  /** First byte in the file. */
  position: number | undefined;

  constructor(key: string, dtype: StoredDtype, count: number, position?: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
    this.position = position;
  }

  get byteLength(): number {
    return this.count * STORED_WIDTHS[this.dtype];
  }
}

/** Which elements of a storage a tensor consists of, counted in elements. */
export interface Layout {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

function isRowMajor({ shape, stride }: Layout): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}

/** Elements from the first to the last one used, both included. */
function extent({ shape, stride }: Layout): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((sum, size, axis) => sum + (size - 1) * stride[axis]!, 1);
}

const WORDS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/** Copies strided elements into row-major order. */
function gather(span: Uint8Array<ArrayBuffer>, width: 1 | 2 | 4 | 8, { shape, stride }: Layout): Uint8Array {
  const source = new WORDS[width](span.buffer);
  const gathered = new WORDS[width](countOf(shape));
  const index = shape.map(() => 0);
  for (let to = 0, from = 0; to < gathered.length; to++) {
    gathered[to] = source[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= stride[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return new Uint8Array(gathered.buffer);
}

/** A tensor in a checkpoint; each access to `bytes` reads its part of the file. */
export class TorchTensor implements StoredTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly #file: FileBytes;
  readonly #storage: TorchStorage;
  readonly #layout: Layout;

  /** @throws DataError when the layout reaches outside the storage. */
  constructor(file: FileBytes, storage: TorchStorage, layout: Layout, dtype = storage.dtype) {
    const available = Math.floor(storage.byteLength / STORED_WIDTHS[dtype]);
    const { shape, stride, offset } = layout;
    if (offset + extent(layout) > available) {
      const where = `offset ${offset}, shape [${shape.join(', ')}], strides [${stride.join(', ')}]`;
      throw file.refuse(`a tensor within the ${available} elements of storage ${storage.key}`, where);
    }
    if (countOf(shape) > Math.max(available, MOST_REPEATED)) {
      const found = `shape [${shape.join(', ')}] over ${available} elements`;
      throw file.refuse('a tensor no larger than its storage', found);
    }
    this.dtype = dtype;
    this.shape = shape;
    this.#file = file;
    this.#storage = storage;
    this.#layout = layout;
  }

  get bytes(): Uint8Array {
    const width = STORED_WIDTHS[this.dtype];
    const { position, key } = this.#storage;
    if (position === undefined) throw this.#file.refuse(`storage ${key}`, 'none');
    const span = this.#file.read(position + this.#layout.offset * width, extent(this.#layout) * width);
    return isRowMajor(this.#layout) ? span : gather(span, width, this.#layout);
  }
}
