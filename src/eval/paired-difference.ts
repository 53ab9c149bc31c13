/** Two encoders on the same folds and genes: differences of their scores, with the same tissue drawn for both. */
import type { Matrix } from '../core/matrix.ts';
import { DataError, UsageError } from '../errors.ts';
import { BOOTSTRAP_METRICS, type BootstrapMetric, type Replicates } from './block-bootstrap.ts';
import { type Interval, meanReplicates, percentileInterval } from './intervals.ts';
import { type FoldScores, meanDefined } from './metrics.ts';
import { METRIC_KINDS } from './split-drops.ts';

/** One fold of the other run. */
export interface RivalFold {
  readonly name: string;
  readonly testDigest: string;
  readonly genes: readonly string[];
  readonly scores: Pick<FoldScores, BootstrapMetric>;
  /** [test spots, genes]; read when its turn comes. */
  readonly predicted: () => Matrix;
}

/** Another run of the benchmark to compare with. */
export interface Rival {
  /** What a table calls it. */
  readonly label: string;
  readonly splits: readonly { readonly name: string; readonly folds: readonly RivalFold[] }[];
}

export interface MetricDifference {
  readonly own: number;
  readonly rival: number;
  /** own - rival. */
  readonly difference: number;
  /** Blocks of spots drawn again, the same ones for both runs; absent without a bootstrap. */
  readonly spots?: Interval;
  /** Folds drawn again as well. */
  readonly folds?: Interval;
  /** Share of those resamples in which this run is better. */
  readonly better?: number;
}

export interface PairedSplit {
  readonly name: string;
  readonly metrics: Readonly<Record<BootstrapMetric, MetricDifference>>;
  /** Difference of PCC per fold. */
  readonly perFold: readonly { readonly name: string; readonly pcc: number }[];
}

export interface PairedDifference {
  readonly against: string;
  readonly splits: readonly PairedSplit[];
}

const OPERATION = 'compare runs';

/**
 * The other run's fold that belongs to one of this run.
 *
 * @throws UsageError when it has no such split or fold, or other test spots in it.
 */
export function rivalFold(rival: Rival, split: string, fold: string, testDigest: string): RivalFold {
  const found = rival.splits.find(({ name }) => name === split)?.folds.find(({ name }) => name === fold);
  if (found?.testDigest === testDigest) return found;
  throw new UsageError(OPERATION, {
    need: `the same test spots in fold "${fold}" of split ${split} in ${rival.label}`,
    found: found === undefined ? 'no such fold' : 'other spots',
    next: 'run both encoders with the same cohort, splits, folds and --split-seed',
  });
}

/** @throws UsageError unless both runs predict the same genes in a fold. */
export function checkRivalGenes(rival: Rival, fold: RivalFold, genes: readonly string[]): void {
  if (fold.genes.length === genes.length && fold.genes.every((gene, g) => gene === genes[g])) return;
  const strangers = fold.genes.filter((gene) => !genes.includes(gene)).slice(0, 3);
  throw new UsageError(OPERATION, {
    need: `the same ${genes.length} genes in fold "${fold.name}" of ${rival.label}`,
    found: `${fold.genes.length} genes${strangers.length > 0 ? `, among them ${strangers.join(', ')}` : ''}`,
    next: 'choose genes by the same rule in both runs',
  });
}

/** @throws DataError when the other run's predictions do not fit its own result. */
export function checkRivalPredictions(fold: RivalFold, predicted: Matrix, rows: number): void {
  if (predicted.rows === rows && predicted.cols === fold.genes.length) return;
  throw new DataError(OPERATION, {
    need: `${rows} x ${fold.genes.length} predictions for fold "${fold.name}"`,
    found: `${predicted.rows} x ${predicted.cols}`,
    next: 'run that benchmark again',
  });
}

/** Scores and replicates of one fold in both runs. */
export interface PairedFold {
  readonly name: string;
  readonly own: Pick<FoldScores, BootstrapMetric>;
  readonly rival: Pick<FoldScores, BootstrapMetric>;
  /** own - rival, resample by resample; undefined without a bootstrap. */
  readonly differences: Replicates | undefined;
}

/** own - rival of replicates made with the same draws. */
export function subtractReplicates(own: Replicates, rival: Replicates): Replicates {
  const entries = BOOTSTRAP_METRICS.map((m) => [m, own[m].map((v, r) => v - rival[m][r]!)]);
  return Object.fromEntries(entries) as unknown as Replicates;
}

/** Differences of the means over folds of one split. */
export function pairedSplit(
  name: string,
  folds: readonly PairedFold[],
  seed: string,
  confidence?: number,
): PairedSplit {
  const replicates = folds.flatMap(({ differences }) => differences ?? []);
  const means = replicates.length === folds.length ? meanReplicates(replicates, seed) : undefined;
  const entries = BOOTSTRAP_METRICS.map((metric): [BootstrapMetric, MetricDifference] => {
    const [own, rival] = (['own', 'rival'] as const).map((side) =>
      meanDefined(folds.map((fold) => fold[side][metric])),
    ) as [number, number];
    const base = { own, rival, difference: own - rival };
    if (means === undefined) return [metric, base];
    const values = Array.from(means.folds[metric]).filter((v) => !Number.isNaN(v));
    const sign = METRIC_KINDS[metric] === 'score' ? 1 : -1;
    return [
      metric,
      {
        ...base,
        spots: percentileInterval(means.spots[metric], confidence),
        folds: percentileInterval(values, confidence),
        better: values.filter((v) => sign * v > 0).length / values.length,
      },
    ];
  });
  return {
    name,
    metrics: Object.fromEntries(entries) as Record<BootstrapMetric, MetricDifference>,
    perFold: folds.map((fold) => ({ name: fold.name, pcc: fold.own.pcc - fold.rival.pcc })),
  };
}
