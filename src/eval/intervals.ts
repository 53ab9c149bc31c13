/** From bootstrap replicates to intervals, within a fold and over folds. */
import { Rng } from '../core/rng.ts';
import { BOOTSTRAP_METRICS, type BootstrapMetric, type Replicates } from './block-bootstrap.ts';
import { meanDefined } from './metrics.ts';

/** Percentile interval; NaN at both ends when no resample had a value. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type MetricIntervals = Readonly<Record<BootstrapMetric, Interval>>;

/** Intervals of the means over folds. */
export interface MeanIntervals {
  /** Folds as they are, blocks of spots drawn again: what more tissue of the same studies would change. */
  readonly spots: MetricIntervals;
  /** Folds drawn again as well: what other studies (patients, sections) would change. */
  readonly folds: MetricIntervals;
}

/** Interval that holds the middle `confidence` of the values; NaN values are left out. */
export function percentileInterval(values: ArrayLike<number>, confidence = 0.95): Interval {
  const sorted = Float64Array.from(Array.from(values).filter((v) => !Number.isNaN(v))).sort();
  const at = (fraction: number) => {
    if (sorted.length === 0) return Number.NaN;
    const place = fraction * (sorted.length - 1);
    const low = sorted[Math.floor(place)]!;
    return low + (place % 1) * (sorted[Math.ceil(place)]! - low);
  };
  return { low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) };
}

/** The same for every metric. */
export function metricIntervals(replicates: Replicates, confidence?: number): MetricIntervals {
  const entries = BOOTSTRAP_METRICS.map((m) => [m, percentileInterval(replicates[m], confidence)]);
  return Object.fromEntries(entries) as unknown as MetricIntervals;
}

/** Replicates of means over folds. */
export interface MeanReplicates {
  readonly spots: Replicates;
  readonly folds: Replicates;
}

/**
 * Resample r of the mean over folds: of every fold's r-th replicate, or of as many folds drawn with replacement.
 *
 * @param seed of the draw of folds.
 */
export function meanReplicates(folds: readonly Replicates[], seed: string): MeanReplicates {
  const resamples = folds[0]?.pcc.length ?? 0;
  const rng = new Rng(seed);
  const draws = Array.from({ length: resamples }, () => folds.map(() => rng.integer(0, folds.length - 1)));
  const over = (pick: (r: number) => readonly number[]): Replicates => {
    const entries = BOOTSTRAP_METRICS.map((metric) => [
      metric,
      Float64Array.from({ length: resamples }, (_, r) =>
        meanDefined(pick(r).map((f) => folds[f]![metric][r]!)),
      ),
    ]);
    return Object.fromEntries(entries) as unknown as Replicates;
  };
  const all = folds.map((_, f) => f);
  return { spots: over(() => all), folds: over((r) => draws[r]!) };
}

/** Intervals of {@link meanReplicates}. */
export function meanIntervals({ spots, folds }: MeanReplicates, confidence?: number): MeanIntervals {
  return { spots: metricIntervals(spots, confidence), folds: metricIntervals(folds, confidence) };
}
