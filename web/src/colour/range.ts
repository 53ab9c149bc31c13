/** The range of values that a colour map is stretched over. */
import { finiteSorted, quantile } from '../numbers/quantiles.ts';

export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** Percentages of the values below the lower and the upper end, 0 to 100. */
export interface Percentiles {
  readonly low: number;
  readonly high: number;
}

export const DEFAULT_PERCENTILES: Percentiles = { low: 1, high: 99 };

/**
 * Range between two percentiles of the values that are numbers. A flat range (many zeros) falls back to
 * minimum and maximum; without any number it is 0 to 1.
 */
export function percentileRange(values: Float32Array, percentiles: Percentiles): ValueRange {
  const sorted = finiteSorted(values);
  if (sorted.length === 0) return { low: 0, high: 1 };
  const low = quantile(sorted, percentiles.low / 100);
  const high = quantile(sorted, percentiles.high / 100);
  if (high > low) return { low, high };
  return { low: sorted[0]!, high: sorted.at(-1)! };
}

/** Range around zero, for differences: as far below as above, so that the middle colour means "equal". */
export function symmetricRange(values: Float32Array, percentiles: Percentiles): ValueRange {
  const { low, high } = percentileRange(values, percentiles);
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return { low: -reach, high: reach };
}

/** One range that holds several, so that colours of linked panes mean the same. */
export function jointRange(ranges: readonly ValueRange[]): ValueRange {
  if (ranges.length === 0) return { low: 0, high: 1 };
  return {
    low: Math.min(...ranges.map(({ low }) => low)),
    high: Math.max(...ranges.map(({ high }) => high)),
  };
}
