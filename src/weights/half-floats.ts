/** The two 16-bit floating point formats of weight files, to and from float32. */

/** bfloat16 is the upper half of a float32. */
export function fromBfloat16(words: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(words.length);
  for (let i = 0; i < words.length; i++) bits[i] = words[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** IEEE half precision: 1 sign, 5 exponent, 10 mantissa bits. */
export function fromFloat16(words: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const sign = word & 0x8000 ? -1 : 1;
    const exponent = (word >> 10) & 31;
    const mantissa = word & 1023;
    if (exponent === 31) values[i] = mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) values[i] = sign * mantissa * 2 ** -24;
    else values[i] = sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  }
  return values;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** Keeps `value >>> drop`, rounded to nearest, ties to even. */
function roundedShift(value: number, drop: number): number {
  const half = 2 ** (drop - 1);
  const kept = value >>> drop;
  const rest = value - kept * 2 ** drop;
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Nearest bfloat16, ties to even. Values beyond the range become infinite; NaN stays NaN. */
export function toBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const words = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & 0x7fffffff;
    const sign = (bits[i]! >>> 16) & 0x8000;
    words[i] = sign | (magnitude > 0x7f800000 ? 0x7fc0 : roundedShift(magnitude, 16));
  }
  return words;
}

/** Half-precision word of a float32's bits without the sign. */
function halfMagnitude(magnitude: number): number {
  if (magnitude > 0x7f800000) return 0x7e00; // NaN
  const exponent = (magnitude >>> 23) - 112; // of the half format, whose bias is 112 less
  if (exponent >= 31) return 0x7c00;
  // A carry out of the mantissa lands in the exponent, which is the correct result, up to infinity.
  if (exponent > 0) return roundedShift(magnitude - 112 * 2 ** 23, 13);
  if (exponent < -10) return 0; // below half of the smallest subnormal
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  return roundedShift(mantissa, 14 - exponent);
}

/** Nearest half-precision number, ties to even. Values from 65520 on become infinite; NaN stays NaN. */
export function toFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values);
  const words = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    words[i] = ((bits[i]! >>> 16) & 0x8000) | halfMagnitude(bits[i]! & 0x7fffffff);
  }
  return words;
}
