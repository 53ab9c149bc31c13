/** A tensor as a file holds it: element type, shape and bytes, before it reaches the compute engine. */
import { DataError } from '../errors.ts';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from './half-floats.ts';

/** Bytes per element, by the names that safetensors uses and in the order in which it lays types out. */
export const STORED_WIDTHS = {
  U64: 8,
  I64: 8,
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** Element type in a file. */
export type StoredDtype = keyof typeof STORED_WIDTHS;

/** Element types a parameter can be written in. */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

export interface StoredTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  /** Little-endian elements, row-major. File readers fetch them when this is read, and keep nothing. */
  readonly bytes: Uint8Array;
}

/** Product of the sizes; 1 for a scalar. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** Whether elements are floating point numbers, as all parameters are. */
export function isFloating(dtype: StoredDtype): boolean {
  return dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/** Typed arrays need aligned memory: the same bytes, copied only where they are not. */
function aligned(bytes: Uint8Array, width: number): [ArrayBufferLike, number, number] {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
  return [buffer, byteOffset, Math.floor(byteLength / width)];
}

/**
 * Elements as float32. Of a float32 tensor, the memory of `bytes` itself where its alignment allows.
 *
 * @throws DataError for integer types, which no parameter has.
 */
export function toFloat32({ dtype, bytes }: StoredTensor): Float32Array {
  const memory = aligned(bytes, STORED_WIDTHS[dtype]);
  if (dtype === 'F32') return new Float32Array(...memory);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(...memory));
  if (dtype === 'BF16') return fromBfloat16(new Uint16Array(...memory));
  if (dtype === 'F16') return fromFloat16(new Uint16Array(...memory));
  throw new DataError('load weights', { need: 'floating point values', found: `a tensor of type ${dtype}` });
}

function encode(values: Float32Array, dtype: FloatDtype): Uint8Array {
  const array = dtype === 'F16' ? toFloat16(values) : dtype === 'BF16' ? toBfloat16(values) : values;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * The tensor in another floating point type: through float32, rounded to nearest, ties to even. Integer tensors
 * and tensors already of that type stay as they are. Nothing is read until `bytes` is.
 */
export function withFloatDtype(stored: StoredTensor, dtype: FloatDtype): StoredTensor {
  if (stored.dtype === dtype || !isFloating(stored.dtype)) return stored;
  return {
    dtype,
    shape: stored.shape,
    get bytes() {
      return encode(toFloat32(stored), dtype);
    },
  };
}
