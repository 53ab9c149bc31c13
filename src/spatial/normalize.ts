/** Library-size normalisation and log1p, as scanpy defines them, in float64. */
import { DataError, UsageError } from '../errors.ts';
import { spotTotals } from './count-matrix.ts';
import type { ExpressionMatrix, SparseMatrix } from './types.ts';

export interface NormalizeTotalOptions {
  /** Sum that every spot gets; default: the median of the spots' sums above 0. */
  readonly target?: number;
  /**
   * Leave genes that exceed this fraction of any spot's sum (0 to 1, exclusive of both) out of the size
   * factors; they are still scaled. Default: every gene counts.
   */
  readonly maxFraction?: number;
}

function withData(m: SparseMatrix, data: Float64Array): ExpressionMatrix {
  return { barcodes: m.barcodes, genes: m.genes, indptr: m.indptr, indices: m.indices, data };
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Median of the sums above 0: the default target. Pass the sums of all training spots to give several
 * sections one target.
 *
 * @throws DataError when no sum is above 0.
 */
export function medianTotal(totals: Float64Array): number {
  const positive = totals.filter((total) => total > 0);
  if (positive.length > 0) return median(positive);
  throw new DataError('medianTotal', {
    need: 'a spot with counts',
    found: `${totals.length} spots that sum to 0`,
  });
}

/**
 * Scales every spot to one sum: x_ij * target / c_i, with c_i the sum of spot i. Spots without counts stay 0.
 * With `maxFraction`, a spot that is left with c_i = 0 keeps its values unscaled.
 *
 * @throws UsageError when target is not above 0 or maxFraction not between 0 and 1.
 * @throws DataError when a median is asked of spots that are all 0.
 * @source scanpy.pp.normalize_total.
 */
export function normalizeTotal(m: SparseMatrix, options: NormalizeTotalOptions = {}): ExpressionMatrix {
  checkOptions(options);
  const totals = options.maxFraction === undefined ? spotTotals(m) : reducedTotals(m, options.maxFraction);
  const target = options.target ?? medianTotal(totals);
  const data = new Float64Array(m.data.length);
  for (let r = 0; r < m.barcodes.length; r++) {
    const divisor = totals[r]! > 0 ? totals[r]! / target : 1;
    for (let k = m.indptr[r]!; k < m.indptr[r + 1]!; k++) data[k] = m.data[k]! / divisor;
  }
  return withData(m, data);
}

function checkOptions({ target, maxFraction }: NormalizeTotalOptions): void {
  if (target !== undefined && !(target > 0 && Number.isFinite(target))) {
    throw new UsageError('normalizeTotal', { need: 'a target above 0', found: `${target}` });
  }
  if (maxFraction !== undefined && !(maxFraction > 0 && maxFraction < 1)) {
    throw new UsageError('normalizeTotal', { need: 'maxFraction between 0 and 1', found: `${maxFraction}` });
  }
}

/** Sums without the genes that any spot spends more than `maxFraction` of its counts on. */
function reducedTotals(m: SparseMatrix, maxFraction: number): Float64Array {
  const full = spotTotals(m);
  const excluded = new Uint8Array(m.genes.length);
  forEachValue(m, (r, gene, value) => {
    if (value > maxFraction * full[r]!) excluded[gene] = 1;
  });
  const totals = new Float64Array(full.length);
  forEachValue(m, (r, gene, value) => {
    if (excluded[gene] === 0) totals[r]! += value;
  });
  return totals;
}

function forEachValue(m: SparseMatrix, visit: (row: number, gene: number, value: number) => void): void {
  for (let r = 0; r < m.barcodes.length; r++) {
    for (let k = m.indptr[r]!; k < m.indptr[r + 1]!; k++) visit(r, m.indices[k]!, m.data[k]!);
  }
}

/**
 * ln(1 + x), or log of that base. Zeros stay zeros.
 *
 * @throws UsageError when base is not above 0 or is 1.
 * @source scanpy.pp.log1p.
 */
export function log1p(m: SparseMatrix, base?: number): ExpressionMatrix {
  if (base !== undefined && !(base > 0 && base !== 1 && Number.isFinite(base))) {
    throw new UsageError('log1p', { need: 'a base above 0 other than 1', found: `${base}` });
  }
  const scale = base === undefined ? 1 : Math.log(base);
  const data = Float64Array.from(m.data, (value) => Math.log1p(value) / scale);
  return withData(m, data);
}
