/** The parts of an AnnData object (`.h5ad`) as this package holds them: observations are spots, variables genes. */
import type { MatrixData } from '../../core/matrix.ts';
import type { NumberType } from '../hdf5/hdf5-messages.ts';

export type { NumberType } from '../hdf5/hdf5-messages.ts';

/** Text, one per row. */
export interface StringColumn {
  readonly kind: 'strings';
  readonly values: readonly string[];
  /** 1 where pandas holds no value; absent when every row has one. */
  readonly missing?: Uint8Array;
}

/** Numbers, one per row, and how they are stored. NaN in a float column is pandas' missing value. */
export interface NumberColumn {
  readonly kind: 'numbers';
  readonly type: NumberType;
  readonly values: Float64Array;
  /** 1 where a nullable integer column holds no value. */
  readonly missing?: Uint8Array;
}

/** Truth values, 0 or 1 per row. */
export interface BooleanColumn {
  readonly kind: 'booleans';
  readonly values: Uint8Array;
  /** 1 where a nullable truth-value column holds no value. */
  readonly missing?: Uint8Array;
}

export type PlainColumn = StringColumn | NumberColumn | BooleanColumn;

/** A category per row. */
export interface CategoricalColumn {
  readonly kind: 'categorical';
  /** Position in `categories`, -1 where there is no value. */
  readonly codes: Int32Array;
  readonly categories: PlainColumn;
  readonly ordered: boolean;
}

export type H5adColumn = PlainColumn | CategoricalColumn;

/** `obs` or `var`: names of the rows and columns about them. */
export interface H5adTable {
  readonly index: readonly string[];
  readonly columns: Readonly<Record<string, H5adColumn>>;
}

/** A full table of numbers, row after row. */
export interface DenseMatrix {
  readonly kind: 'dense';
  readonly rows: number;
  readonly cols: number;
  readonly data: MatrixData;
}

/** Compressed sparse rows; columns in stored order. */
export interface RowMatrix {
  readonly kind: 'csr';
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly data: MatrixData;
}

export type H5adMatrix = DenseMatrix | RowMatrix;

/** An array in `uns` or `obsm`, row after row. */
export interface ArrayValue {
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Int32Array | Uint8Array;
}

/** Unstructured data: a value, a list of text, an array, a column (categories, nullable arrays), or a named group. */
export type UnsValue =
  | string
  | number
  | boolean
  | readonly string[]
  | ArrayValue
  | { readonly [name: string]: UnsValue };
