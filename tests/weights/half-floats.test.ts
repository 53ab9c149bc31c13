import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { scope, tensor, toBytes, toDtype } from '../../src/tensor/index.ts';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../../src/weights/half-floats.ts';

const ALL_WORDS = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** Numbers where rounding matters: every half number, its neighbours in float32, the middle to the next one. */
function hardValues(decode: (words: Uint16Array) => Float32Array): Float32Array {
  const exact = decode(ALL_WORDS);
  const values: number[] = [];
  for (let i = 0; i < exact.length - 1; i++) {
    const middle = (exact[i]! + exact[i + 1]!) / 2;
    const bits = new Uint32Array(Float32Array.of(exact[i]!, middle).buffer);
    for (const word of bits)
      values.push(...new Float32Array(Uint32Array.of(word - 1, word, word + 1).buffer));
  }
  const rng = new Rng('half floats');
  for (let i = 0; i < 50_000; i++) values.push(rng.normal() * 2 ** rng.integer(-40, 40));
  values.push(65504, 65519.99, 65520, -65520, 3.4e38, 2 ** -25, 2 ** -25 * 1.0001, 2 ** -24, -0);
  return Float32Array.from(values);
}

function byEngine(values: Float32Array, dtype: 'float16' | 'bfloat16'): Uint16Array {
  return scope(
    () => new Uint16Array(toBytes(toDtype(tensor(values, [values.length]), dtype)).slice().buffer),
  );
}

describe.each([
  ['float16', fromFloat16, toFloat16],
  ['bfloat16', fromBfloat16, toBfloat16],
] as const)('%s', (dtype, decode, encode) => {
  it('comes back from float32 as it was, for all 65536 words', () => {
    const values = decode(ALL_WORDS);
    const words = encode(values);
    const changed = ALL_WORDS.filter((word) => words[word] !== word && !Number.isNaN(values[word]));
    expect([...changed]).toEqual([]);
    const nan = ALL_WORDS.filter((word) => Number.isNaN(values[word]));
    expect(decode(words.filter((_, i) => Number.isNaN(values[i]))).every(Number.isNaN)).toBe(true);
    expect(nan.length).toBe(dtype === 'float16' ? 2 * 1023 : 2 * 127);
  });

  it('is rounded to nearest, ties to even, as libtorch does it', () => {
    const values = hardValues(decode).filter((value) => !Number.isNaN(value));
    const ours = encode(values);
    const golden = byEngine(values, dtype);
    const wrong = [...values].filter((_, i) => ours[i] !== golden[i]);
    expect(values.length).toBeGreaterThan(400_000);
    expect(wrong).toEqual([]);
  });
});

describe('rounding by hand', () => {
  it('float16', () => {
    expect([
      ...fromFloat16(toFloat16(Float32Array.of(2049, 2051, 65519, 65520, 2 ** -25, 3 * 2 ** -25))),
    ]).toEqual([2048, 2052, 65504, Number.POSITIVE_INFINITY, 0, 2 ** -23]);
  });

  it('bfloat16', () => {
    expect([...fromBfloat16(toBfloat16(Float32Array.of(257, 259, 1 + 2 ** -9, 3.4e38)))]).toEqual([
      256,
      260,
      1,
      Number.POSITIVE_INFINITY,
    ]);
  });
});
