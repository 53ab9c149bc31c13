/** Values of genes, kept so that all rows of one gene come at once. */
import { Refusal } from '../refusal.ts';

export interface GeneStore {
  readonly bytes: number;
  /** One value per row of the gene in column `c`. */
  column(c: number): Float32Array;
}

/** Stored values of one table: 150 million take 1.2 GB. */
export const MOST_VALUES = 150_000_000;

/** @throws Refusal for more values than are kept. */
export function checkSize(values: number): void {
  if (values <= MOST_VALUES) return;
  const found = Math.round(values / 1e6);
  throw new Refusal(
    422,
    `This table holds ${found} million values, more than the ${MOST_VALUES / 1e6} million kept in memory; write fewer genes or spots.`,
  );
}

/** Compressed sparse rows. */
export interface SparseRows {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly data: ArrayLike<number>;
}

/** Columns of a sparse matrix, each value passed through `map`; absent values are `map(0)`, which must be 0. */
export function sparseGenes(
  { rows, cols, indptr, indices, data }: SparseRows,
  map: (v: number) => number,
): GeneStore {
  checkSize(indices.length);
  const starts = new Int32Array(cols + 1);
  for (const c of indices) starts[c + 1]!++;
  for (let c = 0; c < cols; c++) starts[c + 1]! += starts[c]!;
  const next = starts.slice();
  const rowOf = new Int32Array(indices.length);
  const values = new Float32Array(indices.length);
  for (let r = 0; r < rows; r++) {
    for (let k = indptr[r]!; k < indptr[r + 1]!; k++) {
      const to = next[indices[k]!]!++;
      rowOf[to] = r;
      values[to] = map(data[k]!);
    }
  }
  return {
    bytes: 8 * indices.length + 4 * cols,
    column(c) {
      const out = new Float32Array(rows);
      for (let k = starts[c]!; k < starts[c + 1]!; k++) out[rowOf[k]!] = values[k]!;
      return out;
    },
  };
}

/** Columns of a full table, row after row, each value passed through `map`. */
export function denseGenes(
  { rows, cols, data }: { rows: number; cols: number; data: ArrayLike<number> },
  map: (v: number) => number = (v) => v,
): GeneStore {
  checkSize(rows * cols);
  const kept = data instanceof Float32Array ? data : Float32Array.from(data);
  return {
    bytes: kept.byteLength,
    column(c) {
      const out = new Float32Array(rows);
      for (let r = 0, at = c; r < rows; r++, at += cols) out[r] = map(kept[at]!);
      return out;
    },
  };
}
