/** A tensor as a file holds it: element type, shape and bytes, before it reaches the compute engine. */
import { DataError } from '../errors.ts';

/** Bytes per element, by the names that safetensors uses. */
export const STORED_WIDTHS = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** Element type in a file. */
export type StoredDtype = keyof typeof STORED_WIDTHS;

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

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(words: Uint16Array): Float32Array {
  const bits = Uint32Array.from(words, (word) => word << 16);
  return new Float32Array(bits.buffer);
}

/** IEEE half precision: 1 sign, 5 exponent, 10 mantissa bits. */
function fromFloat16(words: Uint16Array): Float32Array {
  return Float32Array.from(words, (word) => {
    const sign = word & 0x8000 ? -1 : 1;
    const exponent = (word >> 10) & 31;
    const mantissa = word & 1023;
    if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  });
}

/**
 * Elements as float32.
 *
 * @throws DataError for integer types, which no parameter has.
 */
export function toFloat32({ dtype, bytes }: StoredTensor): Float32Array {
  const { buffer } = Uint8Array.from(bytes); // typed arrays need aligned memory
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer));
  if (dtype === 'BF16') return fromBfloat16(new Uint16Array(buffer));
  if (dtype === 'F16') return fromFloat16(new Uint16Array(buffer));
  throw new DataError('load weights', { need: 'floating point values', found: `a tensor of type ${dtype}` });
}
