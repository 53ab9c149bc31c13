/** Turns columns, matrices and unstructured data into the groups and data sets of AnnData's present encoding. */
import { UsageError } from '../../errors.ts';
import type {
  Hdf5WriteAttribute,
  Hdf5WriteDataset,
  Hdf5WriteGroup,
  NumberArray,
  NumberType,
} from '../hdf5/hdf5-messages.ts';
import { firstDuplicate } from '../names.ts';
import type { H5adColumn, H5adMatrix, H5adTable, PlainColumn, UnsValue } from './h5ad-types.ts';

const OPERATION = 'writeH5ad';

type Node = Hdf5WriteDataset | Hdf5WriteGroup;
type Attributes = Readonly<Record<string, Hdf5WriteAttribute>>;

function refuse(need: string, found: string): never {
  throw new UsageError(OPERATION, { need, found });
}

function encoding(type: string, version: string): Attributes {
  return { 'encoding-type': type, 'encoding-version': version };
}

export function groupOf(children: Readonly<Record<string, Node>>, attributes: Attributes): Hdf5WriteGroup {
  return { kind: 'group', attributes, children };
}

/** A plain `dict` of AnnData. */
export function dictOf(children: Readonly<Record<string, Node>>): Hdf5WriteGroup {
  return groupOf(children, encoding('dict', '0.1.0'));
}

function dataset(
  data: Hdf5WriteDataset['data'],
  shape: readonly number[],
  attributes: Attributes,
): Hdf5WriteDataset {
  return { kind: 'dataset', attributes, shape, data };
}

/** Numbers of an array in the encoding `array`. */
export function arrayOf(data: NumberArray, shape: readonly number[]): Hdf5WriteDataset {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== data.length) refuse(`${size} values for the shape [${shape}]`, `${data.length}`);
  return dataset(data, shape, encoding('array', '0.2.0'));
}

function textOf(values: readonly string[]): Hdf5WriteDataset {
  // HDF5 ends text at the first zero character; nothing after it would come back.
  const cut = values.find((value) => value.includes('\0'));
  if (cut !== undefined) refuse('text without zero characters', JSON.stringify(cut.slice(0, 40)));
  return dataset(values, [values.length], encoding('string-array', '0.2.0'));
}

function booleansOf(values: Uint8Array): Hdf5WriteDataset {
  return { ...dataset(values, [values.length], encoding('array', '0.2.0')), boolean: true };
}

const INTEGER_LIMITS: Readonly<
  Record<Exclude<NumberType, 'float32' | 'float64'>, readonly [number, number]>
> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** Numbers in their storage type; a value that the type cannot hold is refused instead of being wrapped. */
export function storedNumbers(values: ArrayLike<number>, type: NumberType): NumberArray {
  if (type === 'float32') return Float32Array.from(values);
  if (type === 'float64') return Float64Array.from(values);
  const [low, high] = INTEGER_LIMITS[type];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(Number.isInteger(value) && value >= low && value <= high))
      refuse(`whole numbers for ${type}`, `${value}`);
  }
  if (type === 'int64') return BigInt64Array.from(Array.from(values), BigInt);
  if (type === 'uint64') return BigUint64Array.from(Array.from(values), BigInt);
  const arrays = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array } as const;
  const more = { ...arrays, int32: Int32Array, uint32: Uint32Array } as const;
  return more[type].from(values);
}

function plainNode(column: PlainColumn): Node {
  switch (column.kind) {
    case 'strings':
      return textOf(column.values);
    case 'numbers':
      return arrayOf(storedNumbers(column.values, column.type), [column.values.length]);
    case 'booleans':
      return booleansOf(column.values);
  }
}

function columnNode(column: H5adColumn, rows: number, name: string): Node {
  const length = column.kind === 'categorical' ? column.codes.length : column.values.length;
  if (length !== rows) refuse(`${rows} values in column "${name}"`, `${length}`);
  if (column.kind === 'categorical') {
    const count = column.categories.values.length;
    const type = count < 128 ? 'int8' : count < 32768 ? 'int16' : 'int32';
    const outside = column.codes.find((code) => code < -1 || code >= count);
    if (outside !== undefined) refuse(`codes from -1 to ${count - 1} in column "${name}"`, `${outside}`);
    const codes = arrayOf(storedNumbers(column.codes, type), [rows]);
    const attributes = { ...encoding('categorical', '0.2.0'), ordered: column.ordered };
    return groupOf({ codes, categories: plainNode(column.categories) }, attributes);
  }
  if (column.missing === undefined) return plainNode(column);
  if (column.kind === 'strings') {
    refuse(`text in every row of column "${name}"`, 'rows without; make it categorical with code -1');
  }
  const kind = column.kind === 'numbers' ? 'nullable-integer' : 'nullable-boolean';
  const { missing, ...values } = column;
  return groupOf({ values: plainNode(values), mask: booleansOf(missing) }, encoding(kind, '0.1.0'));
}

/** `obs` or `var`. */
export function tableNode({ index, columns }: H5adTable, what: string): Hdf5WriteGroup {
  const twice = firstDuplicate(index);
  if (twice !== undefined) refuse(`each name of ${what} once`, `"${twice}" more than once`);
  const children: Record<string, Node> = { _index: textOf(index) };
  for (const [name, column] of Object.entries(columns)) {
    if (name === '_index' || name === '' || name.includes('/'))
      refuse(`a column name for ${what}`, `"${name}"`);
    children[name] = columnNode(column, index.length, name);
  }
  return groupOf(children, {
    ...encoding('dataframe', '0.2.0'),
    _index: '_index',
    'column-order': Object.keys(columns),
  });
}

/** A matrix, dense or by rows as it is held, or by columns. */
export function matrixNode(m: H5adMatrix, byColumns = false): Node {
  if (m.kind === 'dense') return arrayOf(m.data, [m.rows, m.cols]);
  const { indptr, indices, data } = byColumns ? columnsOfRows(m) : m;
  const parts = { indptr, indices, data };
  const children = Object.fromEntries(
    Object.entries(parts).map(([name, values]) => [name, dataset(values, [values.length], {})]),
  );
  const type = byColumns ? 'csc_matrix' : 'csr_matrix';
  return groupOf(children, { ...encoding(type, '0.1.0'), shape: [m.rows, m.cols] });
}

function columnsOfRows(m: Extract<H5adMatrix, { kind: 'csr' }>): {
  indptr: Int32Array;
  indices: Int32Array;
  data: NumberArray;
} {
  const indptr = new Int32Array(m.cols + 1);
  for (const column of m.indices) indptr[column + 1]!++;
  for (let c = 0; c < m.cols; c++) indptr[c + 1]! += indptr[c]!;
  const next = indptr.slice();
  const indices = new Int32Array(m.indices.length);
  const data = m.data.slice();
  for (let r = 0; r < m.rows; r++) {
    for (let k = m.indptr[r]!; k < m.indptr[r + 1]!; k++) {
      const at = next[m.indices[k]!]!++;
      indices[at] = r;
      data[at] = m.data[k]!;
    }
  }
  return { indptr, indices, data };
}

/** A value of `uns`; whole numbers become int64, others float64. */
export function unsNode(value: UnsValue, name = 'uns'): Node {
  if (typeof value === 'string') {
    return { ...textOf([value]), shape: [], attributes: encoding('string', '0.2.0') };
  }
  if (typeof value === 'number') {
    const data = Number.isSafeInteger(value) ? BigInt64Array.of(BigInt(value)) : Float64Array.of(value);
    return dataset(data, [], encoding('numeric-scalar', '0.2.0'));
  }
  if (typeof value === 'boolean') {
    const data = Uint8Array.of(value ? 1 : 0);
    return { ...dataset(data, [], encoding('numeric-scalar', '0.2.0')), boolean: true };
  }
  if (Array.isArray(value)) return textOf(value);
  if ('data' in value && ArrayBuffer.isView(value.data)) {
    return arrayOf(value.data as NumberArray, value.shape as readonly number[]);
  }
  const children: Record<string, Node> = {};
  for (const [key, item] of Object.entries(value as Record<string, UnsValue>)) {
    if (key === '' || key.includes('/')) refuse(`keys of ${name} without "/"`, `"${key}"`);
    children[key] = unsNode(item, `${name}/${key}`);
  }
  return dictOf(children);
}
