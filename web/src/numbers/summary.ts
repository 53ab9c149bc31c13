/** Statistics of one gene over chosen rows, and how the chosen rows differ from the others. */
import type { ValueSummary } from '../../../src/contract/index.ts';
import { finiteSorted, quantile } from './quantiles.ts';

/** Values of the rows whose `mask` is 1 (or 0 for the others). */
export function pick(values: Float32Array, mask: Uint8Array, wanted: 0 | 1): Float32Array {
  return values.filter((_, row) => mask[row] === wanted);
}

/** Summary of the values; `sd` has n - 1 below the line and is NaN for fewer than two values. */
export function summarise(values: Float32Array): ValueSummary {
  const sorted = finiteSorted(values);
  const n = sorted.length;
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / n;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  return {
    rows: values.length,
    missing: values.length - n,
    mean,
    sd: n > 1 ? Math.sqrt(squares / (n - 1)) : Number.NaN,
    min: n > 0 ? sorted[0]! : Number.NaN,
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)],
    max: n > 0 ? sorted[n - 1]! : Number.NaN,
  };
}

/** How two groups differ. */
export interface Comparison {
  readonly meanDifference: number;
  /** Chance that a value of the first group is above one of the second, ties counted half (0.5: alike). */
  readonly probabilityAbove: number;
}

/**
 * Compares two groups of values by their means and by ranks.
 *
 * @source probability of superiority, U / (n1 n2): Mann and Whitney 1947.
 */
export function compare(inside: Float32Array, outside: Float32Array): Comparison {
  const a = finiteSorted(inside);
  const b = finiteSorted(outside);
  let below = 0;
  let notAbove = 0;
  let wins = 0;
  for (const value of a) {
    while (below < b.length && b[below]! < value) below++;
    while (notAbove < b.length && b[notAbove]! <= value) notAbove++;
    wins += below + (notAbove - below) / 2;
  }
  return {
    meanDifference: summarise(a).mean - summarise(b).mean,
    probabilityAbove: wins / (a.length * b.length),
  };
}
