/** What the gene-expression benchmark hands back. */
import type { FoldMetric, Summary } from './aggregate.ts';
import type { AlphaSearch } from './alpha-search.ts';
import type { MeanIntervals, MetricIntervals } from './intervals.ts';
import type { LeakFinding } from './leak-check.ts';
import type { FoldScores, GeneScores } from './metrics.ts';
import type { PairedDifference } from './paired-difference.ts';
import type { SplitDrop } from './split-drops.ts';

/** One fold's scores. */
export interface ExpressionFold {
  readonly name: string;
  readonly trainSections: readonly string[];
  readonly testSections: readonly string[];
  /** SHA-256 of the test spots' sections and barcodes in order; equal digests, equal test sides. */
  readonly testDigest: string;
  readonly trainSpots: number;
  readonly genes: readonly string[];
  readonly alpha: number;
  /** How alpha was found, where it was searched for. */
  readonly alphaSearch?: AlphaSearch;
  readonly scores: FoldScores;
  readonly perGene: GeneScores;
  /** Blocks of this fold's test spots drawn again; absent without a bootstrap. */
  readonly intervals?: MetricIntervals;
}

/** One way of splitting, all its folds. */
export interface ExpressionSplit {
  readonly name: string;
  readonly title: string;
  readonly folds: readonly ExpressionFold[];
  readonly summary: Readonly<Record<FoldMetric, Summary>>;
  /** Of the means in `summary`; absent without a bootstrap. */
  readonly intervals?: MeanIntervals;
  /** PCC-10 in its other reading; only where all folds predict the same genes, 10 or more. */
  readonly pccTopFixed?: {
    readonly genes: readonly string[];
    readonly perFold: readonly number[];
    readonly mean: number;
  };
  readonly leaks: readonly LeakFinding[];
}

export interface ExpressionBenchmark {
  /** Principal components used; null: none. */
  readonly components: number | null;
  readonly splits: readonly ExpressionSplit[];
  /** From each random split to the split by study (or patient); empty when the run has only one kind. */
  readonly drops: readonly SplitDrop[];
  /** Against another run; absent when none was given. */
  readonly comparison?: PairedDifference;
}
