/** Highly variable genes, scanpy's flavors `seurat` and `cell_ranger`, on log1p data. */
import { UsageError } from '../errors.ts';
import { binDispersions, type DispersionBins, type Flavor } from './dispersion-bins.ts';
import { type GeneMoments, geneMoments } from './gene-moments.ts';
import type { SparseMatrix } from './types.ts';

/** Ranges used when no number of genes is given. Lower and upper bounds are exclusive. */
export interface VariableCutoffs {
  /** Default 0.0125. */
  readonly minMean?: number;
  /** Default 3. */
  readonly maxMean?: number;
  /** Default 0.5. */
  readonly minDispersion?: number;
  /** Default infinity. */
  readonly maxDispersion?: number;
}

export interface HighlyVariableOptions {
  readonly flavor: Flavor;
  /** How many genes; ties at the last place are all kept. Not together with `cutoffs`. */
  readonly count?: number;
  /** Used when `count` is absent. */
  readonly cutoffs?: VariableCutoffs;
  /** Base of the logarithm in the data; default e. Only `seurat` undoes it. */
  readonly logBase?: number;
}

/** Per gene; NaN where a value does not exist. */
export interface VariableGenes {
  readonly means: Float64Array;
  readonly dispersions: Float64Array;
  readonly normalizedDispersions: Float64Array;
  readonly selected: readonly boolean[];
}

/** What the bins were, for one stack of matrices. */
export interface HighlyVariable extends VariableGenes {
  readonly bins: Int32Array;
  readonly binEdges: Float64Array;
}

/** Averages over batches. */
export interface BatchedVariableGenes extends VariableGenes {
  /** In how many batches each gene was selected. */
  readonly batchCount: Int32Array;
  /** Genes by batchCount, then averaged dispersion, both falling. */
  readonly order: Int32Array;
}

/**
 * Ranks genes by dispersion relative to genes of similar mean, over the rows of all parts as if stacked.
 *
 * `seurat` undoes the logarithm, takes ln(variance / mean) and ln(1 + mean), cuts the means into 20 bins of
 * equal width, and scales by each bin's mean and standard deviation. `cell_ranger` works on the data as they are, bins at
 * every fifth percentile from the 10th, and scales by median and median absolute deviation.
 *
 * @param parts  log1p data with one gene list.
 * @throws UsageError for a count that is no whole number above 0, both count and cutoffs, or differing gene
 *   lists; DataError for fewer than two spots.
 * @source scanpy.pp.highly_variable_genes. NaN is never selected by count.
 */
export function highlyVariable(
  parts: readonly SparseMatrix[],
  options: HighlyVariableOptions,
): HighlyVariable {
  checkOptions(options);
  const { mean, variance } = moments(parts, options);
  const binned = binDispersions(mean, variance, options.flavor);
  return { ...binned, selected: flag(binned, options) };
}

function checkOptions({ count, cutoffs }: HighlyVariableOptions): void {
  if (count !== undefined && (!Number.isInteger(count) || count < 1)) {
    throw new UsageError('highlyVariable', { need: 'a whole count of 1 or more', found: `${count}` });
  }
  if (count === undefined || cutoffs === undefined) return;
  throw new UsageError('highlyVariable', {
    need: 'count or cutoffs',
    found: 'both',
    next: 'give one of them',
  });
}

function moments(parts: readonly SparseMatrix[], { flavor, logBase }: HighlyVariableOptions): GeneMoments {
  const scale = logBase === undefined ? 1 : Math.log(logBase);
  return geneMoments(parts, flavor === 'seurat' ? (value) => Math.expm1(value * scale) : undefined);
}

function flag(binned: DispersionBins, { count, cutoffs }: HighlyVariableOptions): boolean[] {
  const { means, normalizedDispersions } = binned;
  return count === undefined
    ? withinCutoffs(means, normalizedDispersions, cutoffs)
    : atLeast(normalizedDispersions, count);
}

/** Flags values at or above the count-th largest; NaN never counts. */
function atLeast(values: Float64Array, count: number): boolean[] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return Array.from(values, () => false);
  const cutoff = sorted[Math.max(0, sorted.length - count)]!;
  return Array.from(values, (value) => value >= cutoff);
}

function withinCutoffs(
  means: Float64Array,
  dispersions: Float64Array,
  cutoffs: VariableCutoffs = {},
): boolean[] {
  const { minMean = 0.0125, maxMean = 3, minDispersion = 0.5, maxDispersion = Infinity } = cutoffs;
  return Array.from(means, (mean, g) => {
    const dispersion = Number.isNaN(dispersions[g]!) ? 0 : dispersions[g]!;
    return mean > minMean && mean < maxMean && dispersion > minDispersion && dispersion < maxDispersion;
  });
}

/**
 * Ranks genes within each batch and combines: genes without a value above 0 in a batch count as zeros there;
 * means and dispersions are averaged over batches (NaN left out); genes selected in most batches come first.
 *
 * @param batches  one list of matrices per batch, all with one gene list.
 * @throws as {@link highlyVariable}, and UsageError for no batches.
 * @source scanpy.pp.highly_variable_genes with batch_key.
 */
export function highlyVariableAcrossBatches(
  batches: readonly (readonly SparseMatrix[])[],
  options: HighlyVariableOptions,
): BatchedVariableGenes {
  const genes = batches[0]?.[0]?.genes.length;
  if (genes === undefined) {
    throw new UsageError('highlyVariableAcrossBatches', { need: 'at least one batch', found: 'none' });
  }
  const results = batches.map((parts) => withinBatch(parts, options));
  const means = averageBy(genes, results, ({ means }) => means);
  const dispersions = averageBy(genes, results, ({ dispersions }) => dispersions);
  const normalizedDispersions = averageBy(genes, results, (result) => result.normalizedDispersions);
  const batchCount = new Int32Array(genes);
  for (const { selected } of results) for (let g = 0; g < genes; g++) if (selected[g]) batchCount[g]!++;
  const order = rankGenes(batchCount, normalizedDispersions);
  const first = new Set(order.subarray(0, options.count ?? 0));
  const selected =
    options.count === undefined
      ? withinCutoffs(means, normalizedDispersions, options.cutoffs)
      : Array.from({ length: genes }, (_, g) => first.has(g));
  return { means, dispersions, normalizedDispersions, selected, batchCount, order };
}

/** One batch with the genes that it does not express set to zeros. */
function withinBatch(parts: readonly SparseMatrix[], options: HighlyVariableOptions): VariableGenes {
  checkOptions(options);
  const { mean, variance } = moments(parts, options);
  const expressed = Int32Array.from(mean.keys()).filter((g) => mean[g]! > 0);
  const pick = (values: Float64Array) => Float64Array.from(expressed, (g) => values[g]!);
  const part = binDispersions(pick(mean), pick(variance), options.flavor);
  const spread = (values: Float64Array) => {
    const full = new Float64Array(mean.length);
    for (const [i, g] of expressed.entries()) full[g] = values[i]!;
    return full;
  };
  const flags = flag(part, options);
  const selected = Array.from(mean, () => false);
  for (const [i, g] of expressed.entries()) selected[g] = flags[i]!;
  return {
    means: spread(part.means),
    dispersions: spread(part.dispersions),
    normalizedDispersions: spread(part.normalizedDispersions),
    selected,
  };
}

function averageBy(
  genes: number,
  results: readonly VariableGenes[],
  of: (result: VariableGenes) => Float64Array,
): Float64Array {
  return Float64Array.from({ length: genes }, (_, g) => {
    const values = results.map((result) => of(result)[g]!).filter((value) => !Number.isNaN(value));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}

/** Gene indices by count, then dispersion, both falling; NaN last, ties in gene order. */
function rankGenes(batchCount: Int32Array, dispersions: Float64Array): Int32Array {
  const key = (g: number) => (Number.isNaN(dispersions[g]!) ? -Infinity : dispersions[g]!);
  const falling = (a: number, b: number) => (a === b ? 0 : a > b ? -1 : 1);
  const genes = Array.from(batchCount.keys());
  genes.sort((a, b) => batchCount[b]! - batchCount[a]! || falling(key(a), key(b)) || a - b);
  return Int32Array.from(genes);
}
