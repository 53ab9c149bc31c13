/** Numbers over folds and protocols: mean and spread, the fixed-gene reading of PCC-10, drops between protocols. */
import { UsageError } from '../errors.ts';
import { type FoldScores, meanDefined, type UndefinedPolicy } from './metrics.ts';

/** Mean and spread of one metric over folds, every fold weighing the same whatever its size. */
export interface Summary {
  readonly mean: number;
  /** Population standard deviation (ddof 0), the one HEST prints. */
  readonly std: number;
  /** Sample standard deviation (ddof 1); NaN for a single fold. */
  readonly sampleStd: number;
  /** Folds that entered the mean. */
  readonly count: number;
  /** Folds whose value was NaN. */
  readonly undefinedCount: number;
}

/** Summary of fold values; `undefinedAs` as in {@link meanDefined}, default `skip`. */
export function summarise(values: ArrayLike<number>, undefinedAs: UndefinedPolicy = 'skip'): Summary {
  const all = Array.from(values);
  const undefinedCount = all.filter(Number.isNaN).length;
  const used =
    undefinedAs === 'skip'
      ? all.filter((v) => !Number.isNaN(v))
      : all.map((v) => (Number.isNaN(v) && undefinedAs === 'zero' ? 0 : v));
  const mean = meanDefined(used, 'propagate');
  const squares = used.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const count = used.length;
  return {
    mean,
    std: Math.sqrt(squares / count),
    sampleStd: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN,
    count,
    undefinedCount,
  };
}

/** Metrics that are averaged over folds. */
export const FOLD_METRICS = ['pcc', 'pccTop', 'spearman', 'mse', 'mae', 'r2'] as const;
export type FoldMetric = (typeof FOLD_METRICS)[number];

/** Summary of every metric over folds. */
export function summariseFolds(
  folds: readonly FoldScores[],
  undefinedAs: UndefinedPolicy = 'skip',
): Record<FoldMetric, Summary> {
  if (folds.length === 0) throw new UsageError('fold summary', { need: 'at least one fold', found: 'none' });
  const entries = FOLD_METRICS.map((metric) => [
    metric,
    summarise(
      folds.map((fold) => fold[metric]),
      undefinedAs,
    ),
  ]);
  return Object.fromEntries(entries) as Record<FoldMetric, Summary>;
}

/** The same k genes in every fold. */
export interface FixedTopGenes {
  /** Column indices, best first. */
  readonly genes: readonly number[];
  /** Mean over those genes per fold. */
  readonly perFold: readonly number[];
  /** Mean of the genes' own means over folds. */
  readonly mean: number;
}

/**
 * The other reading of PCC-10: the k genes with the best mean over folds, the same in every fold. Undefined
 * values are left out of each mean; genes undefined in all folds cannot be chosen.
 *
 * @param pccPerFold per fold, one correlation per gene.
 */
export function fixedTopGenes(pccPerFold: readonly ArrayLike<number>[], k = 10): FixedTopGenes {
  const geneCount = pccPerFold[0]?.length ?? 0;
  const means = Array.from({ length: geneCount }, (_, gene) =>
    meanDefined(pccPerFold.map((fold) => fold[gene]!)),
  );
  const defined = means.flatMap((mean, gene) => (Number.isNaN(mean) ? [] : [gene]));
  if (!Number.isInteger(k) || k < 1 || k > defined.length) {
    throw new UsageError('top genes', {
      need: `1 to ${defined.length} genes, those with a correlation`,
      found: `${k}`,
    });
  }
  const genes = defined.sort((a, b) => means[b]! - means[a]! || a - b).slice(0, k);
  return {
    genes,
    perFold: pccPerFold.map((fold) => meanDefined(genes.map((gene) => fold[gene]!))),
    mean: meanDefined(genes.map((gene) => means[gene]!)),
  };
}

/** First quartile, median and third quartile (linear interpolation, NaN left out), as HEST prints for MSE over genes. */
export function quartiles(values: ArrayLike<number>): { q1: number; median: number; q3: number } {
  const sorted = Float64Array.from(Array.from(values).filter((v) => !Number.isNaN(v))).sort();
  const at = (fraction: number) => {
    if (sorted.length === 0) return Number.NaN;
    const place = fraction * (sorted.length - 1);
    const low = sorted[Math.floor(place)]!;
    return low + (place % 1) * (sorted[Math.ceil(place)]! - low);
  };
  return { q1: at(0.25), median: at(0.5), q3: at(0.75) };
}

/**
 * Loss from a random split to a held-out study, in percent of the random value; positive means worse.
 * `score` for larger-is-better metrics (PCC), `error` for smaller-is-better ones (MSE, MAE).
 */
export function dropPercent(random: number, heldOut: number, kind: 'score' | 'error'): number {
  const loss = kind === 'score' ? random - heldOut : heldOut - random;
  return (100 * loss) / random;
}
