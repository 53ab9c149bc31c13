/** Highly variable genes by variance against a curve over the mean: scanpy's flavors `seurat_v3` and `seurat_v3_paper`. */
import { DataError, UsageError } from '../errors.ts';
import { type GeneMoments, geneMoments } from './gene-moments.ts';
import { evaluateLoess, fitLoess } from './loess.ts';
import type { SparseMatrix } from './types.ts';

export interface SeuratV3Options {
  /** How many genes. */
  readonly count: number;
  /**
   * Order over several batches: `seurat_v3` by median rank, then by the number of batches that choose the gene;
   * `seurat_v3_paper` the other way round, as the publication says. Default `seurat_v3`.
   */
  readonly flavor?: 'seurat_v3' | 'seurat_v3_paper';
  /** Share of the genes in every local fit; default 0.3. */
  readonly span?: number;
}

/** Per gene. */
export interface SeuratV3Genes {
  /** Over all spots. */
  readonly means: Float64Array;
  /** Over all spots, divisor n - 1. */
  readonly variances: Float64Array;
  /** Variance of the clipped, standardised counts, averaged over batches; 1 is what the mean lets one expect. */
  readonly normalizedVariances: Float64Array;
  /** Median over the batches that choose the gene of its place there, from 0; NaN where none does. */
  readonly medianRank: Float64Array;
  /** How many batches choose the gene. */
  readonly batchCount: Int32Array;
  readonly selected: readonly boolean[];
  /** The genes selected, best first. */
  readonly order: Int32Array;
  /** log10 variance that the curve expects, for each batch; 0 for genes without variance. */
  readonly expectedLogVariance: readonly Float64Array[];
}

/**
 * Ranks genes of RAW counts. In each batch the counts are standardised by the standard deviation that a loess of log10 variance
 * over log10 mean expects, clipped at sqrt(n), and genes ranked by the variance left; batches are combined by median rank.
 *
 * @param batches  one list of matrices per batch (their rows as if stacked), all with one gene list.
 * @throws UsageError for a count that is no whole number above 0, no batches, or differing gene lists; DataError for a batch
 *   of fewer than two spots or four genes with variance.
 * @source scanpy.pp.highly_variable_genes(flavor='seurat_v3'); Stuart et al. 2019, "Comprehensive integration".
 */
export function highlyVariableSeuratV3(
  batches: readonly (readonly SparseMatrix[])[],
  { count, flavor = 'seurat_v3', span = 0.3 }: SeuratV3Options,
): SeuratV3Genes {
  if (!Number.isInteger(count) || count < 1) {
    throw new UsageError('highlyVariableSeuratV3', {
      need: 'a whole count of 1 or more',
      found: `${count}`,
    });
  }
  const { mean: means, variance: variances } = geneMoments(batches.flat());
  const fits = batches.map((parts) => normalizedVariances(parts, span));
  const ranks = fits.map(({ normalized }) => places(normalized));
  const genes = Array.from(means.keys());
  const chosen = genes.map((g) => ranks.map((rank) => rank[g]!).filter((place) => place < count));
  const batchCount = Int32Array.from(chosen, (list) => list.length);
  const medianRank = Float64Array.from(chosen, median);
  const mean = (g: number) => fits.reduce((sum, { normalized }) => sum + normalized[g]!, 0) / fits.length;
  const byRank = (a: number, b: number) => compareRanks(medianRank[a]!, medianRank[b]!);
  const byBatches = (a: number, b: number) => batchCount[b]! - batchCount[a]!;
  const [first, second] = flavor === 'seurat_v3' ? [byRank, byBatches] : [byBatches, byRank];
  const sorted = genes.toSorted((a, b) => first(a, b) || second(a, b) || a - b);
  const order = Int32Array.from(sorted.slice(0, count));
  const selected = new Set(order);
  return {
    means,
    variances,
    normalizedVariances: Float64Array.from(genes, mean),
    medianRank,
    batchCount,
    selected: genes.map((g) => selected.has(g)),
    order,
    expectedLogVariance: fits.map(({ expected }) => expected),
  };
}

/** Genes without a rank come last. */
function compareRanks(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

/** Place of every gene by falling value, equal values in gene order. */
function places(values: Float64Array): Int32Array {
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b);
  const place = new Int32Array(values.length);
  for (const [i, g] of order.entries()) place[g] = i;
  return place;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function normalizedVariances(
  parts: readonly SparseMatrix[],
  span: number,
): { normalized: Float64Array; expected: Float64Array } {
  const moments = geneMoments(parts);
  const { spots, mean } = moments;
  const expected = expectedLogVariances(moments, span);
  const deviation = expected.map((value) => Math.sqrt(10 ** value));
  const limit = deviation.map((value, g) => mean[g]! + value * Math.sqrt(spots));
  const sums = new Float64Array(mean.length);
  const squares = new Float64Array(mean.length);
  for (const { indices, data } of parts) {
    for (let k = 0; k < data.length; k++) {
      const g = indices[k]!;
      const value = Math.min(data[k]!, limit[g]!);
      sums[g]! += value;
      squares[g]! += value * value;
    }
  }
  const normalized = mean.map((m, g) => {
    const spread = spots * m * m + squares[g]! - 2 * m * sums[g]!;
    return spread / ((spots - 1) * deviation[g]! ** 2);
  });
  return { normalized, expected };
}

function expectedLogVariances({ mean, variance }: GeneMoments, span: number): Float64Array {
  const varying = Int32Array.from(variance.keys()).filter((g) => variance[g]! > 0);
  if (varying.length < 4) {
    throw new DataError('highlyVariableSeuratV3', {
      need: 'four or more genes whose counts vary',
      found: `${varying.length}`,
    });
  }
  const x = Float64Array.from(varying, (g) => Math.log10(mean[g]!));
  const y = Float64Array.from(varying, (g) => Math.log10(variance[g]!));
  const fitted = evaluateLoess(fitLoess(x, y, { span }), x);
  const expected = new Float64Array(mean.length);
  for (const [i, g] of varying.entries()) expected[g] = fitted[i]!;
  return expected;
}
