/** `X`, `raw` and the layers of an AnnData file: dense, by rows or by columns; whole or some rows. */
import type { MatrixData } from '../../core/matrix.ts';
import { DataError } from '../../errors.ts';
import type { Hdf5File, RowRange } from '../hdf5/hdf5-file.ts';
import type { Hdf5Item } from '../hdf5/hdf5-messages.ts';
import type { H5adMatrix, RowMatrix } from './h5ad-types.ts';

function refuse(file: Hdf5File, need: string, found: string): never {
  throw new DataError(file.operation, { need, found: `${found} in ${file.path}` });
}

/** How a matrix is stored. */
interface Storage {
  readonly format: 'dense' | 'csr' | 'csc';
  readonly rows: number;
  readonly cols: number;
}

/** @throws DataError when neither a table nor a sparse matrix lies at the path. */
export async function matrixStorage(file: Hdf5File, path: string): Promise<Storage> {
  const item = await file.item(path);
  if (item?.kind === 'dataset') {
    if (item.shape.length === 2) return { format: 'dense', rows: item.shape[0]!, cols: item.shape[1]! };
    refuse(file, `two axes in "${path}"`, `${item.shape.length}`);
  }
  if (item?.kind === 'group') return sparseStorage(file, item);
  return refuse(file, `a matrix "${path}"`, 'none');
}

/** AnnData's attributes, or those of h5sparse that it took over from. */
function sparseStorage(file: Hdf5File, { path, attributes }: Hdf5Item): Storage {
  const said = attributes['encoding-type'] ?? attributes.h5sparse_format;
  const format =
    said === 'csr_matrix' || said === 'csr'
      ? 'csr'
      : said === 'csc_matrix' || said === 'csc'
        ? 'csc'
        : undefined;
  const shape = attributes.shape ?? attributes.h5sparse_shape;
  const [rows, cols] = Array.isArray(shape) ? shape.map(Number) : [];
  const counted = [rows, cols].every((size) => Number.isInteger(size) && size! >= 0 && size! < 2 ** 31);
  if (format === undefined || !counted) {
    refuse(
      file,
      `a csr or csc matrix with its shape at "${path}"`,
      `encoding ${String(said)}, shape ${String(shape)}`,
    );
  }
  return { format, rows: rows!, cols: cols! };
}

/**
 * Reads rows of a matrix, all by default. Of a dense matrix and one by rows only these are read from the file.
 *
 * @throws DataError when it is absent or damaged, or the rows lie outside.
 */
export async function readMatrix(file: Hdf5File, path: string, rows?: RowRange): Promise<H5adMatrix> {
  const storage = await matrixStorage(file, path);
  const range = rows ?? { from: 0, to: storage.rows };
  const { from, to } = range;
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= storage.rows)) {
    refuse(file, `rows from 0 to ${storage.rows} of "${path}"`, `${from} to ${to} asked for`);
  }
  if (storage.format === 'dense') {
    const data = floats(await numbersOrBooleans(file, path, range));
    return { kind: 'dense', rows: to - from, cols: storage.cols, data };
  }
  const pointers = await readPointers(file, path, storage);
  return storage.format === 'csr'
    ? readRows(file, path, storage, pointers, range)
    : readByColumns(file, path, storage, pointers, range);
}

async function numbersOrBooleans(file: Hdf5File, path: string, rows?: RowRange): Promise<ArrayLike<number>> {
  const item = await file.dataset(path);
  if (item.type !== 'bool') return file.numbers(path, rows);
  const values = await file.values(path, rows);
  return values.kind === 'booleans' ? values.data : refuse(file, `numbers in "${path}"`, 'other values');
}

/** float32 keeps its size and takes the small integers; everything else becomes float64. */
function floats(values: ArrayLike<number>): MatrixData {
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  const bytes = (values as Uint8Array).BYTES_PER_ELEMENT;
  return bytes <= 2 ? Float32Array.from(values) : Float64Array.from(values);
}

async function readPointers(file: Hdf5File, path: string, storage: Storage): Promise<Int32Array> {
  const pointers = await file.numbers(`${path}/indptr`);
  const count = (await file.dataset(`${path}/indices`)).shape[0] ?? 0;
  const lines = storage.format === 'csr' ? storage.rows : storage.cols;
  let rising = pointers.length === lines + 1 && pointers[0] === 0 && pointers[lines] === count;
  for (let i = 0; rising && i < lines; i++) rising = pointers[i]! <= pointers[i + 1]!;
  if (!rising) {
    refuse(
      file,
      `pointers that rise from 0 to ${count} over ${lines} lines in "${path}/indptr"`,
      `${pointers.length} pointers ending at ${pointers[pointers.length - 1]}`,
    );
  }
  return Int32Array.from(pointers);
}

async function readEntries(
  file: Hdf5File,
  path: string,
  places: number,
  part: RowRange,
): Promise<{ indices: Int32Array; data: MatrixData }> {
  const indices = Int32Array.from(await file.numbers(`${path}/indices`, part));
  const data = floats(await numbersOrBooleans(file, `${path}/data`, part));
  if (data.length !== indices.length) {
    refuse(file, `${indices.length} values in "${path}/data", one per index`, `${data.length}`);
  }
  if (!indices.every((index) => index >= 0 && index < places)) {
    refuse(file, `indices from 0 to ${places - 1} in "${path}/indices"`, 'others');
  }
  return { indices, data };
}

async function readRows(
  file: Hdf5File,
  path: string,
  { cols }: Storage,
  pointers: Int32Array,
  { from, to }: RowRange,
): Promise<RowMatrix> {
  const start = pointers[from]!;
  const entries = await readEntries(file, path, cols, { from: start, to: pointers[to]! });
  const indptr = pointers.slice(from, to + 1).map((pointer) => pointer - start);
  return { kind: 'csr', rows: to - from, cols, indptr, ...entries };
}

async function readByColumns(
  file: Hdf5File,
  path: string,
  { rows, cols }: Storage,
  pointers: Int32Array,
  range: RowRange,
): Promise<RowMatrix> {
  const all = await readEntries(file, path, rows, { from: 0, to: pointers[cols]! });
  return rowsOfColumns({ rows, cols, indptr: pointers, ...all }, range);
}

/** Entries of a matrix by columns. */
interface ColumnEntries {
  readonly rows: number;
  readonly cols: number;
  /** Length cols + 1. */
  readonly indptr: Int32Array;
  /** Row of each value. */
  readonly indices: Int32Array;
  readonly data: MatrixData;
}

/** The same values by rows (counting sort: columns ascend within each row). */
export function rowsOfColumns(m: ColumnEntries, { from, to }: RowRange = { from: 0, to: m.rows }): RowMatrix {
  const indptr = new Int32Array(to - from + 1);
  for (const row of m.indices) if (row >= from && row < to) indptr[row - from + 1]!++;
  for (let r = 0; r < to - from; r++) indptr[r + 1]! += indptr[r]!;
  const next = indptr.slice();
  const stored = indptr[to - from]!;
  const indices = new Int32Array(stored);
  const data = m.data instanceof Float64Array ? new Float64Array(stored) : new Float32Array(stored);
  for (let c = 0; c < m.cols; c++) {
    for (let k = m.indptr[c]!; k < m.indptr[c + 1]!; k++) {
      const row = m.indices[k]!;
      if (row < from || row >= to) continue;
      const at = next[row - from]!++;
      indices[at] = c;
      data[at] = m.data[k]!;
    }
  }
  return { kind: 'csr', rows: to - from, cols: m.cols, indptr, indices, data };
}
