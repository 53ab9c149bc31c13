/** How much of a score is lost between a random split and held-out studies. */
import { dropPercent, type Summary } from './aggregate.ts';
import { BOOTSTRAP_METRICS, type BootstrapMetric } from './block-bootstrap.ts';
import { type Interval, type MeanReplicates, percentileInterval } from './intervals.ts';

/** Larger is better for a score, smaller for an error. */
export const METRIC_KINDS: Readonly<Record<BootstrapMetric, 'score' | 'error'>> = {
  pcc: 'score',
  pccTop: 'score',
  mse: 'error',
  mae: 'error',
  r2: 'score',
};

export interface MetricDrop {
  readonly random: number;
  readonly heldOut: number;
  /** Percent of the random value; NaN where that is not above 0. */
  readonly dropPercent: number;
  /** Folds and spots of both splits drawn again; absent without a bootstrap. */
  readonly interval?: Interval;
}

/** Two splits of one run. */
export interface SplitDrop {
  readonly random: string;
  readonly heldOut: string;
  readonly metrics: Readonly<Record<BootstrapMetric, MetricDrop>>;
}

/** What a drop needs to know about a split. */
export interface DropSide {
  readonly name: string;
  readonly summary: Readonly<Record<BootstrapMetric, Pick<Summary, 'mean'>>>;
  readonly replicates: MeanReplicates | undefined;
}

/** A share of something that is not above 0 says nothing. */
function drop(random: number, heldOut: number, metric: BootstrapMetric): number {
  return random > 0 ? dropPercent(random, heldOut, METRIC_KINDS[metric]) : Number.NaN;
}

function between(random: DropSide, heldOut: DropSide, confidence: number | undefined): SplitDrop {
  const entries = BOOTSTRAP_METRICS.map((metric) => {
    const [a, b] = [random.summary[metric].mean, heldOut.summary[metric].mean];
    const [from, to] = [random.replicates?.folds[metric], heldOut.replicates?.folds[metric]];
    const known = from !== undefined && to !== undefined && from.length > 0;
    const drops = known ? from.map((v, r) => drop(v, to[r]!, metric)) : undefined;
    const interval = drops === undefined ? {} : { interval: percentileInterval(drops, confidence) };
    return [metric, { random: a, heldOut: b, dropPercent: drop(a, b, metric), ...interval }];
  });
  return {
    random: random.name,
    heldOut: heldOut.name,
    metrics: Object.fromEntries(entries) as Record<BootstrapMetric, MetricDrop>,
  };
}

/** Drops from every random split to the split by study, or by patient where there is none. */
export function splitDrops(splits: readonly DropSide[], confidence?: number): SplitDrop[] {
  const heldOut =
    splits.find(({ name }) => name === 'study') ?? splits.find(({ name }) => name === 'patient');
  if (heldOut === undefined) return [];
  return splits
    .filter(({ name }) => name.startsWith('random-'))
    .map((random) => between(random, heldOut, confidence));
}
