/** Means over seeds and folds, and their resamples: seeds, folds and blocks of tissue drawn again at once. */
import { Rng } from '../core/rng.ts';
import {
  type BootstrapMetric,
  dropPercent,
  METRIC_KINDS,
  meanDefined,
  type Replicates,
} from '../eval/index.ts';

/** One backbone on one split. */
export interface SeededFolds {
  /** [seed][fold] */
  readonly values: readonly (readonly Readonly<Record<BootstrapMetric, number>>[])[];
  /** [seed][fold]; resample r of a fold drew the same blocks for every backbone and seed. */
  readonly replicates: readonly (readonly Replicates[])[];
}

/** A value with one value per resample. */
export interface Resampled {
  readonly value: number;
  readonly resamples: Float64Array;
}

/** Which seeds and folds each resample takes; the same for all backbones of one split, so that differences are paired. */
export interface Draws {
  readonly seeds: readonly (readonly number[])[];
  readonly folds: readonly (readonly number[])[];
}

const drawn = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.integer(0, count - 1));

/** @param split  folds of different splits are drawn apart, seeds together: a seed is one pretrained backbone. */
export function drawSeedsAndFolds(resamples: number, seeds: number, folds: number, split: string): Draws {
  const ofSeeds = new Rng('reproduction/seeds');
  const ofFolds = new Rng(`reproduction/${split}/folds`);
  return {
    seeds: Array.from({ length: resamples }, () => drawn(ofSeeds, seeds)),
    folds: Array.from({ length: resamples }, () => drawn(ofFolds, folds)),
  };
}

/** Mean over folds, then over seeds. */
export function resampledMean(
  { values, replicates }: SeededFolds,
  metric: BootstrapMetric,
  draws: Draws,
): Resampled {
  const value = meanDefined(values.map((folds) => meanDefined(folds.map((fold) => fold[metric]))));
  const resamples = Float64Array.from(draws.seeds, (seeds, r) =>
    meanDefined(seeds.map((s) => meanDefined(draws.folds[r]!.map((f) => replicates[s]![f]![metric][r]!)))),
  );
  return { value, resamples };
}

/** a - b, resample by resample. */
export function difference(a: Resampled, b: Resampled): Resampled {
  return { value: a.value - b.value, resamples: a.resamples.map((v, r) => v - b.resamples[r]!) };
}

/** Loss from random to held out in percent of the random value; NaN where that is not above 0. */
export function resampledDrop(random: Resampled, heldOut: Resampled, metric: BootstrapMetric): Resampled {
  const drop = (from: number, to: number) =>
    from > 0 ? dropPercent(from, to, METRIC_KINDS[metric]) : Number.NaN;
  return {
    value: drop(random.value, heldOut.value),
    resamples: random.resamples.map((v, r) => drop(v, heldOut.resamples[r]!)),
  };
}
