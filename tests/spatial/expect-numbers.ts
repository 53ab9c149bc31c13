import { expect } from 'vitest';

/** Golden numbers as JSON holds them: null is NaN, infinities are text. */
export type GoldenNumbers = readonly (number | null | string)[];

export function numbersOf(values: GoldenNumbers): number[] {
  return values.map((value) => (value === null ? Number.NaN : Number(value)));
}

/** NaN and infinities in the same places, all other values within the tolerance. */
export function expectNumbers(actual: Float64Array, golden: GoldenNumbers, atol: number): void {
  const expected = numbersOf(golden);
  const special = (values: ArrayLike<number>) =>
    Array.from(values, (value) => (Number.isFinite(value) ? 0 : value));
  const finite = (values: ArrayLike<number>) => Array.from(values).filter((value) => Number.isFinite(value));
  expect(special(actual)).toEqual(special(expected));
  expect(finite(actual)).toBeClose(finite(expected), { atol });
}
