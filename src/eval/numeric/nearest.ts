/** The k most similar rows of a gallery. */
import type { Matrix } from '../../core/matrix.ts';
import { ShapeError, UsageError } from '../../errors.ts';
import { matmul, scope, tensor, toFloat64Array, transpose } from '../../tensor/index.ts';

export interface Neighbours {
  /** Neighbours per query: k, or the gallery's size where that is smaller. */
  readonly k: number;
  /** [queries, k] row-major gallery indices, the most similar first. */
  readonly indices: Int32Array;
  /** [queries, k] their scores. */
  readonly scores: Float64Array;
}

/** Queries per matrix product: bounds the score table to about 64 MB for 32,000 gallery rows. */
const QUERY_ROWS = 256;

/**
 * Positions of the k largest scores, by falling score; equal scores in order of position.
 *
 * Keeps the best so far in a sorted list; a score no better than its last entry costs one comparison.
 */
export function topIndices(scores: ArrayLike<number>, k: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (best.length === k && score <= scores[best[k - 1]!]!) continue;
    let [low, high] = [0, best.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (scores[best[middle]!]! >= score) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}

function checkTables(operation: string, queries: Matrix, gallery: Matrix, k: number): void {
  if (queries.cols !== gallery.cols || gallery.rows === 0) {
    throw new ShapeError(operation, {
      need: `a gallery with rows of ${queries.cols} features, as the queries`,
      found: `${gallery.rows} rows of ${gallery.cols}`,
    });
  }
  if (!Number.isInteger(k) || k < 1) {
    throw new UsageError(operation, { need: 'a whole number of neighbours, at least 1', found: `${k}` });
  }
}

/**
 * For every query row the k gallery rows with the largest dot product; ties go to the lower gallery index.
 *
 * @param queries [q, d] float64, usually unit rows (then the score is the cosine).
 * @param gallery [g, d] float64.
 * @param adjust  changes a score by gallery row before ranking, e.g. to minus a squared distance.
 */
export function nearestByProduct(
  queries: Matrix<Float64Array>,
  gallery: Matrix<Float64Array>,
  k: number,
  adjust?: (score: number, query: number, row: number) => number,
): Neighbours {
  checkTables('nearest rows', queries, gallery, k);
  const kept = Math.min(k, gallery.rows);
  const indices = new Int32Array(queries.rows * kept);
  const scores = new Float64Array(queries.rows * kept);
  scope(() => {
    const columns = transpose(tensor(gallery.data, [gallery.rows, gallery.cols]), 0, 1);
    for (let from = 0; from < queries.rows; from += QUERY_ROWS) {
      const rows = Math.min(QUERY_ROWS, queries.rows - from);
      const part = queries.data.slice(from * queries.cols, (from + rows) * queries.cols);
      const products = scope(() => toFloat64Array(matmul(tensor(part, [rows, queries.cols]), columns)));
      for (let r = 0; r < rows; r++) {
        const line = products.subarray(r * gallery.rows, (r + 1) * gallery.rows);
        if (adjust !== undefined)
          for (let g = 0; g < line.length; g++) line[g] = adjust(line[g]!, from + r, g);
        const best = topIndices(line, kept);
        indices.set(best, (from + r) * kept);
        scores.set(
          best.map((g) => line[g]!),
          (from + r) * kept,
        );
      }
    }
  });
  return { k: kept, indices, scores };
}
