/** Uncertainty of any statistic by resampling. */
import { Rng } from '../../core/rng.ts';
import { UsageError } from '../../errors.ts';

export interface BootstrapOptions {
  /** Default 1000. */
  readonly resamples?: number;
  /** Share of resamples inside the interval; default 0.95. */
  readonly confidence?: number;
  readonly seed: number;
  /** One name per item: items of one name (a patient's slides) are drawn together. */
  readonly groups?: readonly string[];
}

/** Percentile interval. */
export interface BootstrapInterval {
  /** The statistic of all items; null where it is not defined. */
  readonly estimate: number | null;
  /** Null when no resample had a defined value. */
  readonly low: number | null;
  readonly high: number | null;
  readonly confidence: number;
  readonly resamples: number;
  /** Resamples left out because the statistic was not defined on them. */
  readonly undefinedResamples: number;
  readonly seed: number;
}

function checkOptions(
  count: number,
  resamples: number,
  confidence: number,
  groups?: readonly string[],
): void {
  if (!(Number.isInteger(resamples) && resamples >= 1 && confidence > 0 && confidence < 1)) {
    throw new UsageError('bootstrap', {
      need: 'at least 1 resample and a confidence between 0 and 1',
      found: `${resamples} and ${confidence}`,
    });
  }
  if (groups !== undefined && groups.length !== count) {
    throw new UsageError('bootstrap', {
      need: `${count} group names, one per item`,
      found: `${groups.length}`,
    });
  }
}

/** Items in units that are drawn whole. */
function unitsOf(count: number, groups?: readonly string[]): number[][] {
  if (groups === undefined) return Array.from({ length: count }, (_, i) => [i]);
  const units = new Map<string, number[]>();
  for (const [i, name] of groups.entries()) units.set(name, [...(units.get(name) ?? []), i]);
  return [...units.values()];
}

/** Quantile by linear interpolation of sorted values. */
function quantile(sorted: Float64Array, fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  return low + (place % 1) * (sorted[Math.ceil(place)]! - low);
}

/**
 * Percentile bootstrap interval of `statistic`, which gets item indices (with repetition) and may return NaN
 * where it is not defined; such resamples are left out and counted.
 *
 * @param count number of items.
 * @throws UsageError for unusable options.
 */
export function bootstrapInterval(
  count: number,
  statistic: (indices: readonly number[]) => number,
  { resamples = 1000, confidence = 0.95, seed, groups }: BootstrapOptions,
): BootstrapInterval {
  checkOptions(count, resamples, confidence, groups);
  const rng = new Rng(seed);
  const units = unitsOf(count, groups);
  const values: number[] = [];
  for (let r = 0; r < resamples; r++) {
    const drawn = units.flatMap(() => units[rng.integer(0, units.length - 1)]!);
    const value = statistic(drawn);
    if (!Number.isNaN(value)) values.push(value);
  }
  const sorted = Float64Array.from(values).sort();
  const estimate = statistic(Array.from({ length: count }, (_, i) => i));
  const tail = (1 - confidence) / 2;
  return {
    estimate: Number.isNaN(estimate) ? null : estimate,
    low: sorted.length === 0 ? null : quantile(sorted, tail),
    high: sorted.length === 0 ? null : quantile(sorted, 1 - tail),
    confidence,
    resamples,
    undefinedResamples: resamples - values.length,
    seed,
  };
}
