/**
 * Agreement of predicted and measured expression, gene by gene and averaged.
 *
 * A value that is not defined (the correlation or R2 of a gene that does not vary) is NaN. What an
 * average does with it is the caller's {@link UndefinedPolicy}; how many there were is always reported.
 *
 * @source HEST-Benchmark (github.com/mahmoodlab/HEST); MV_Hybrid, arXiv:2508.00383.
 */
import type { Matrix } from '../core/matrix.ts';
import { matrixColumn } from '../core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../errors.ts';

/** `skip`: leave undefined values out; `zero`: count them as 0; `propagate`: one makes the average NaN (HEST). */
export type UndefinedPolicy = 'skip' | 'zero' | 'propagate';

function checkPair(operation: string, measured: ArrayLike<number>, predicted: ArrayLike<number>): void {
  if (measured.length === predicted.length && measured.length > 0) return;
  throw new ShapeError(operation, {
    need: 'as many predicted as measured values, at least one',
    found: `${predicted.length} predicted, ${measured.length} measured`,
  });
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Exact test: sums of squares of a constant such as 0.7 are not exactly 0. */
function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/**
 * Pearson correlation, in [-1, 1]; NaN when either side is constant.
 *
 * @throws ShapeError for unequal or zero lengths (as all functions of two lists here).
 */
export function pearson(measured: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkPair('pearson', measured, predicted);
  if (isConstant(measured) || isConstant(predicted)) return Number.NaN;
  const [centreY, centreP] = [meanOf(measured), meanOf(predicted)];
  let [product, squareY, squareP] = [0, 0, 0];
  for (let i = 0; i < measured.length; i++) {
    const y = measured[i]! - centreY;
    const p = predicted[i]! - centreP;
    product += y * p;
    squareY += y * y;
    squareP += p * p;
  }
  // Two roots, not the root of the product: that one over- or underflows earlier.
  return Math.max(-1, Math.min(1, product / (Math.sqrt(squareY) * Math.sqrt(squareP))));
}

/** Ranks from 1; equal values share the mean of their ranks. NaN values get NaN ranks for everybody. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const ranks = new Float64Array(values.length);
  const order = Array.from({ length: values.length }, (_, i) => i);
  if (order.some((i) => Number.isNaN(values[i]))) return ranks.fill(Number.NaN);
  order.sort((a, b) => values[a]! - values[b]!);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** Spearman correlation: Pearson of the {@link averageRanks}; NaN when either side is constant. */
export function spearman(measured: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkPair('spearman', measured, predicted);
  return pearson(averageRanks(measured), averageRanks(predicted));
}

/** Mean of (y - p)^2. */
export function meanSquaredError(measured: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkPair('mean squared error', measured, predicted);
  let sum = 0;
  for (let i = 0; i < measured.length; i++) sum += (measured[i]! - predicted[i]!) ** 2;
  return sum / measured.length;
}

/** Mean of |y - p|. */
export function meanAbsoluteError(measured: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkPair('mean absolute error', measured, predicted);
  let sum = 0;
  for (let i = 0; i < measured.length; i++) sum += Math.abs(measured[i]! - predicted[i]!);
  return sum / measured.length;
}

/** 1 - sum (y - p)^2 / sum (y - mean y)^2, at most 1; NaN when the measured values are constant. */
export function rSquared(measured: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkPair('R2', measured, predicted);
  if (isConstant(measured)) return Number.NaN;
  const centre = meanOf(measured);
  let total = 0;
  for (let i = 0; i < measured.length; i++) total += (measured[i]! - centre) ** 2;
  return 1 - (meanSquaredError(measured, predicted) * measured.length) / total;
}

/** One value per gene, in column order. */
export interface GeneScores {
  readonly pcc: Float64Array;
  readonly spearman: Float64Array;
  readonly mse: Float64Array;
  readonly mae: Float64Array;
  readonly r2: Float64Array;
}

/** NaN must not pass for a gene without variation. */
function checkFinite(what: string, { data, cols }: Matrix): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new DataError('gene scores', {
    need: `finite ${what} values`,
    found: `${data[at]} at spot ${Math.floor(at / cols)}, gene ${at % cols}`,
  });
}

/**
 * Scores every gene over all test spots of a fold at once (not per section).
 *
 * @param measured  [spots, genes].
 * @param predicted [spots, genes], same order of both.
 * @throws ShapeError when the shapes differ or are empty; DataError for NaN or infinite values.
 */
export function scoreGenes(measured: Matrix, predicted: Matrix): GeneScores {
  if (measured.rows !== predicted.rows || measured.cols !== predicted.cols || measured.data.length === 0) {
    throw new ShapeError('gene scores', {
      need: `predictions of shape ${measured.rows} x ${measured.cols} (spots x genes), not empty`,
      found: `${predicted.rows} x ${predicted.cols}`,
    });
  }
  checkFinite('measured', measured);
  checkFinite('predicted', predicted);
  const empty = () => new Float64Array(measured.cols);
  const scores = { pcc: empty(), spearman: empty(), mse: empty(), mae: empty(), r2: empty() };
  for (let gene = 0; gene < measured.cols; gene++) {
    const y = matrixColumn(measured, gene);
    const p = matrixColumn(predicted, gene);
    scores.pcc[gene] = pearson(y, p);
    scores.spearman[gene] = spearman(y, p);
    scores.mse[gene] = meanSquaredError(y, p);
    scores.mae[gene] = meanAbsoluteError(y, p);
    scores.r2[gene] = rSquared(y, p);
  }
  return scores;
}

/** The values an average runs over under a policy. */
function counted(values: ArrayLike<number>, policy: UndefinedPolicy): number[] {
  const all = Array.from(values);
  if (policy === 'skip') return all.filter((value) => !Number.isNaN(value));
  return policy === 'zero' ? all.map((value) => (Number.isNaN(value) ? 0 : value)) : all;
}

/** Mean under a policy; NaN when nothing is left to average. */
export function meanDefined(values: ArrayLike<number>, policy: UndefinedPolicy = 'skip'): number {
  return meanOf(counted(values, policy));
}

/**
 * Mean of the k largest values (PCC-10 of the paper for k = 10). NaN when fewer than k are there to take:
 * the mean of fewer genes would carry the wrong name.
 */
export function topMean(values: ArrayLike<number>, k: number, policy: UndefinedPolicy = 'skip'): number {
  if (!Number.isInteger(k) || k < 1)
    throw new UsageError('top genes', { need: 'a whole number of genes, at least 1', found: `${k}` });
  const usable = counted(values, policy);
  if (usable.length < k || usable.some(Number.isNaN)) return Number.NaN;
  return meanOf(usable.sort((a, b) => b - a).slice(0, k));
}

/** Averages over the genes of one fold. */
export interface FoldScores {
  readonly pcc: number;
  /** Mean of the `topK` best genes of this fold. */
  readonly pccTop: number;
  readonly spearman: number;
  readonly mse: number;
  readonly mae: number;
  readonly r2: number;
  readonly spots: number;
  readonly genes: number;
  /** Genes whose correlation is not defined here (no variation in measurement or prediction). */
  readonly undefinedGenes: number;
}

export interface ScoreFoldOptions {
  /** Treatment of undefined correlations and R2; default `skip`. */
  readonly undefinedAs?: UndefinedPolicy;
  /** Genes in `pccTop`; default 10. */
  readonly topK?: number;
}

/** Averages the scores of {@link scoreGenes}; MSE and MAE are means over genes, as in the paper's tables. */
export function summariseGenes(
  scores: GeneScores,
  spots: number,
  { undefinedAs = 'skip', topK = 10 }: ScoreFoldOptions = {},
): FoldScores {
  return {
    pcc: meanDefined(scores.pcc, undefinedAs),
    pccTop: topMean(scores.pcc, topK, undefinedAs),
    spearman: meanDefined(scores.spearman, undefinedAs),
    mse: meanOf(scores.mse),
    mae: meanOf(scores.mae),
    r2: meanDefined(scores.r2, undefinedAs),
    spots,
    genes: scores.pcc.length,
    undefinedGenes: scores.pcc.filter(Number.isNaN).length,
  };
}

/** {@link scoreGenes} and {@link summariseGenes} in one call. */
export function scoreFold(measured: Matrix, predicted: Matrix, options: ScoreFoldOptions = {}): FoldScores {
  return summariseGenes(scoreGenes(measured, predicted), measured.rows, options);
}
