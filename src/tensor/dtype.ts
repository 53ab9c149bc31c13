/** Element types, named as in numpy, with libtorch's codes and JavaScript's typed arrays. */

const CODES = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  complex64: 9,
  bool: 11,
  bfloat16: 15,
} as const;

/** Element type of a tensor. */
export type Dtype = keyof typeof CODES;

const NAMES = new Map<number, Dtype>(Object.entries(CODES).map(([name, code]) => [code, name as Dtype]));

/** libtorch's number of a dtype. */
export function dtypeCode(dtype: Dtype): number {
  return CODES[dtype];
}

/** Dtype of a libtorch number. */
export function dtypeNamed(code: number): Dtype {
  const name = NAMES.get(code);
  if (name === undefined) throw new RangeError(`libtorch dtype ${code} is not one this package uses`);
  return name;
}

/** Typed arrays whose elements a tensor can take over as they are. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | BigInt64Array;

/** Dtype that has the same bytes as a typed array's elements. */
export function dtypeOf(array: TypedArray): Dtype {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Int16Array) return 'int16';
  if (array instanceof Int8Array) return 'int8';
  if (array instanceof BigInt64Array) return 'int64';
  return 'uint8';
}
