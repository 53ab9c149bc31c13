/** Mean and variance of every gene over one or several matrices, without building full tables. */
import { DataError, UsageError } from '../errors.ts';
import type { SparseMatrix } from './types.ts';

/** Per gene, over `spots` rows. */
export interface GeneMoments {
  readonly spots: number;
  readonly mean: Float64Array;
  /** Divisor spots - 1. */
  readonly variance: Float64Array;
}

/**
 * Moments over the rows of all parts, as if stacked, of `transform(value)`; `transform(0)` must be 0.
 *
 * Two passes: a difference of large sums would lose the digits that rankings need. Squares are summed row by
 * row, zeros included, as numpy sums a full table. Genes whose values are one another's permutation tie in exact
 * arithmetic, and rounding alone ranks them; summed in the same order they rank the same way.
 *
 * @param parts  share one gene list, in one order; columns ascend within rows.
 * @throws UsageError for no parts or differing gene lists; DataError for fewer than two rows.
 */
export function geneMoments(
  parts: readonly SparseMatrix[],
  transform: (value: number) => number = (value) => value,
): GeneMoments {
  const genes = checkGenes(parts);
  const spots = parts.reduce((sum, part) => sum + part.barcodes.length, 0);
  if (spots < 2) throw new DataError('geneMoments', { need: 'two or more spots', found: `${spots}` });
  const mean = new Float64Array(genes);
  for (const { indices, data } of parts) {
    for (let k = 0; k < data.length; k++) mean[indices[k]!]! += transform(data[k]!);
  }
  for (let g = 0; g < genes; g++) mean[g]! /= spots;
  const variance = new Float64Array(genes);
  for (const part of parts) addSquares(variance, part, mean, transform);
  for (let g = 0; g < genes; g++) variance[g]! /= spots - 1;
  return { spots, mean, variance };
}

function addSquares(
  squares: Float64Array,
  { barcodes, indptr, indices, data }: SparseMatrix,
  mean: Float64Array,
  transform: (value: number) => number,
): void {
  for (let r = 0; r < barcodes.length; r++) {
    const end = indptr[r + 1]!;
    let k = indptr[r]!;
    for (let g = 0; g < mean.length; g++) {
      const stored = k < end && indices[k] === g;
      const difference = (stored ? transform(data[k++]!) : 0) - mean[g]!;
      squares[g]! += difference * difference;
    }
  }
}

function checkGenes(parts: readonly SparseMatrix[]): number {
  const first = parts[0];
  if (first === undefined)
    throw new UsageError('geneMoments', { need: 'at least one matrix', found: 'none' });
  const same = ({ genes }: SparseMatrix) =>
    genes === first.genes ||
    (genes.length === first.genes.length && genes.every((name, g) => name === first.genes[g]));
  if (parts.every(same)) return first.genes.length;
  throw new UsageError('geneMoments', {
    need: 'matrices with one gene list in one order',
    found: 'differing lists',
    next: 'select the shared genes first',
  });
}
