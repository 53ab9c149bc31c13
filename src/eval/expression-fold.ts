/** Scores of one fold, its uncertainty, and its comparison with the same fold of another run. */
import { createHash } from 'node:crypto';
import type { Matrix } from '../core/matrix.ts';
import type { Section } from '../spatial/index.ts';
import {
  type BlockBootstrapOptions,
  drawBlocks,
  type Replicates,
  replicateScores,
  type SpotBlocks,
  spatialBlocks,
} from './block-bootstrap.ts';
import type { FoldPrediction } from './cross-validate.ts';
import type { ExpressionFold } from './expression-result.ts';
import { metricIntervals } from './intervals.ts';
import { scoreFold, scoreGenes, summariseGenes, type UndefinedPolicy } from './metrics.ts';
import {
  checkRivalGenes,
  checkRivalPredictions,
  type PairedFold,
  type Rival,
  rivalFold,
  subtractReplicates,
} from './paired-difference.ts';

/** What all folds of a run share. */
export interface FoldContext {
  /** `section TAB barcode` of every spot of all sections. */
  readonly spotNames: readonly string[];
  /** Undefined without a bootstrap. */
  readonly bootstrap: (BlockBootstrapOptions & { readonly blocks: SpotBlocks }) | undefined;
  readonly undefinedAs: UndefinedPolicy;
  readonly rival: Rival | undefined;
}

export function foldContext(
  sections: readonly Section[],
  options: {
    readonly bootstrap?: BlockBootstrapOptions | undefined;
    readonly undefinedAs: UndefinedPolicy;
    readonly rival?: Rival | undefined;
  },
): FoldContext {
  const { bootstrap, undefinedAs, rival } = options;
  const wanted = bootstrap !== undefined && bootstrap.resamples > 0;
  return {
    spotNames: sections.flatMap(({ id, spots }) => spots.map(({ barcode }) => `${id}\t${barcode}`)),
    bootstrap: wanted ? { ...bootstrap, blocks: spatialBlocks(sections, bootstrap.blockUm) } : undefined,
    undefinedAs,
    rival,
  };
}

/** Identity of a test side. */
export function testDigest(rows: readonly number[], { spotNames }: FoldContext): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(`${spotNames[row]!}\n`);
  return hash.digest('hex');
}

/** A scored fold with what the means over folds need. */
export interface ScoredFold {
  readonly fold: ExpressionFold;
  readonly replicates: Replicates | undefined;
  readonly paired: PairedFold | undefined;
}

/** What the caller knows about a fold beyond its prediction. */
export interface FoldIdentity {
  readonly split: string;
  readonly genes: readonly string[];
  readonly trainSections: readonly string[];
  readonly testSections: readonly string[];
}

/**
 * Scores a fold.
 *
 * @throws UsageError when the other run has other test spots or genes.
 */
export function scoreExpressionFold(
  { fold, probe, alphaSearch, measured, predicted }: FoldPrediction,
  { split, genes, trainSections, testSections }: FoldIdentity,
  context: FoldContext,
): ScoredFold {
  const { bootstrap, undefinedAs, rival } = context;
  const perGene = scoreGenes(measured, predicted);
  const scores = summariseGenes(perGene, measured.rows, { undefinedAs });
  const digest = testDigest(fold.test, context);
  const draws =
    bootstrap &&
    drawBlocks(fold.test, bootstrap.blocks, bootstrap.resamples, `${bootstrap.seed}/${split}/${fold.name}`);
  const replicate = (values: Matrix) => draws && replicateScores(measured, values, draws, undefinedAs);
  const replicates = replicate(predicted);
  let paired: PairedFold | undefined;
  if (rival !== undefined) {
    const other = rivalFold(rival, split, fold.name, digest);
    checkRivalGenes(rival, other, genes);
    const values = other.predicted();
    checkRivalPredictions(other, values, measured.rows);
    const theirs = replicate(values);
    paired = {
      name: fold.name,
      own: scores,
      rival: scoreFold(measured, values, { undefinedAs }),
      differences: replicates && theirs && subtractReplicates(replicates, theirs),
    };
  }
  return {
    fold: {
      name: fold.name,
      trainSections,
      testSections,
      testDigest: digest,
      trainSpots: fold.train.length,
      genes,
      alpha: probe.alpha,
      ...(alphaSearch === undefined ? {} : { alphaSearch }),
      scores,
      perGene,
      ...(replicates === undefined
        ? {}
        : { intervals: metricIntervals(replicates, bootstrap?.confidence ?? 0.95) }),
    },
    replicates,
    paired,
  };
}
