/** What the HDF5 worker is asked and what it answers; plain data that can be sent between threads. */

/** Whole and real numbers as stored; `float16` has no array type and is refused. */
export type NumberType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

/**
 * Element type of a data set: a number type (other enums than the truth values count as their numbers), `bool` (the
 * enum FALSE/TRUE), `string`, or the HDF5 class.
 */
export type ElementType = NumberType | 'bool' | 'string' | 'compound' | 'reference' | 'other';

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An attribute: text, number, truth value, a list of them, or the path of the object that it refers to. */
export type Hdf5Attribute =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | { readonly path: string };

/** A group, a data set, or something else (a dead link, a named type) below a path. */
export interface Hdf5Item {
  readonly name: string;
  /** From the root, without a leading slash; empty for the root. */
  readonly path: string;
  readonly kind: 'group' | 'dataset' | 'other';
  /** Those that could be read. */
  readonly attributes: Readonly<Record<string, Hdf5Attribute>>;
  /** Sizes of the axes; empty for one value. Groups have none. */
  readonly shape: readonly number[];
  readonly type: ElementType;
}

/** One field of a table of records. */
export interface Hdf5Field {
  readonly name: string;
  /** Numbers per record: 1, or more for an array field (then row after row). */
  readonly width: number;
  readonly type: ElementType;
  readonly values: Float64Array | readonly string[];
}

/** The values of a data set, or of the part that was asked for. */
export type Hdf5Values =
  | { readonly kind: 'numbers'; readonly type: NumberType; readonly data: NumberArray }
  | { readonly kind: 'booleans'; readonly data: Uint8Array }
  | { readonly kind: 'strings'; readonly data: readonly string[] }
  | { readonly kind: 'records'; readonly fields: readonly Hdf5Field[] };

export type Hdf5Request =
  | { readonly kind: 'open'; readonly file: string; readonly bytes: number }
  | { readonly kind: 'list'; readonly path: string }
  | { readonly kind: 'read'; readonly path: string; readonly from?: number; readonly to?: number }
  | { readonly kind: 'write'; readonly file: string; readonly root: Hdf5WriteGroup }
  | { readonly kind: 'close' };

/** Answer to `list`; `damaged` when some child could not be looked at. */
export interface Hdf5Listing {
  readonly children: readonly Hdf5Item[];
  readonly damaged: boolean;
}

/** What is written as an attribute; whole numbers become int64, others float64. */
export type Hdf5WriteAttribute = string | number | boolean | readonly string[] | readonly number[];

export interface Hdf5WriteDataset {
  readonly kind: 'dataset';
  readonly attributes: Readonly<Record<string, Hdf5WriteAttribute>>;
  readonly shape: readonly number[];
  /** Booleans come as Uint8Array of 0 and 1 with `boolean: true`. */
  readonly data: NumberArray | readonly string[];
  readonly boolean?: boolean;
}

export interface Hdf5WriteGroup {
  readonly kind: 'group';
  readonly attributes: Readonly<Record<string, Hdf5WriteAttribute>>;
  readonly children: Readonly<Record<string, Hdf5WriteDataset | Hdf5WriteGroup>>;
}
