/** Building, checking and cutting spots x genes matrices in compressed sparse rows. */
import { type Matrix, type MatrixData, matrix } from '../core/matrix.ts';
import { DataError } from '../errors.ts';
import { firstDuplicate, indexByName, nameSome } from './names.ts';
import type { CountMatrix, SparseMatrix } from './types.ts';

/** The parts of a matrix before they are checked; columns of a row may stand in any order. */
export interface CountMatrixParts {
  readonly barcodes: readonly string[];
  readonly genes: readonly string[];
  readonly indptr: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
  readonly data: ArrayLike<number>;
}

function fail(need: string, found: string, source: string, next?: string): never {
  const parts = { need, found: `${found} in ${source}` };
  throw new DataError('createCountMatrix', next === undefined ? parts : { ...parts, next });
}

function checkNames(kind: string, names: readonly string[], source: string): void {
  const twice = firstDuplicate(names);
  if (twice === undefined) return;
  fail(
    `unique ${kind}s`,
    `${kind} "${twice}" more than once`,
    source,
    `rename or merge the repeated ${kind}s`,
  );
}

function checkPointers({ barcodes, indptr, indices, data }: CountMatrixParts, source: string): void {
  const rows = barcodes.length;
  const stored = data.length;
  let rising = indptr.length === rows + 1 && indptr[0] === 0 && indptr[rows] === stored;
  for (let i = 0; rising && i < rows; i++) rising = indptr[i]! <= indptr[i + 1]!;
  if (rising && indices.length === stored) return;
  fail(
    `row pointers that rise from 0 to ${stored} over ${rows} barcodes, and one column per value`,
    `${indptr.length} pointers ending at ${indptr[indptr.length - 1]} and ${indices.length} columns`,
    source,
    'the file is damaged or was cut short',
  );
}

/** Asked of the float32 value: numbers too large for it have become Infinity by then. */
function isCount(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}

function checkRow(m: CountMatrix, row: number, source: string): void {
  for (let k = m.indptr[row]!; k < m.indptr[row + 1]!; k++) {
    const column = m.indices[k]!;
    const barcode = m.barcodes[row];
    if (column < 0 || column >= m.genes.length) {
      fail(`gene columns 0 to ${m.genes.length - 1}`, `column ${column} at barcode "${barcode}"`, source);
    }
    const place = () => `at barcode "${barcode}", gene "${m.genes[column]}"`;
    if (!isCount(m.data[k]!)) {
      fail(
        'finite counts of 0 or more',
        `${m.data[k]} ${place()}`,
        source,
        'give raw counts, not scaled values',
      );
    }
    if (k > m.indptr[row]! && column === m.indices[k - 1]) {
      fail('one value per barcode and gene', `two values ${place()}`, source);
    }
  }
}

function isAscending(indices: Int32Array, from: number, to: number): boolean {
  for (let k = from + 1; k < to; k++) if (indices[k]! < indices[k - 1]!) return false;
  return true;
}

function sortRow(indices: Int32Array, data: Float32Array, from: number, to: number): void {
  if (isAscending(indices, from, to)) return;
  const pairs = Array.from({ length: to - from }, (_, i) => ({ c: indices[from + i]!, v: data[from + i]! }));
  pairs.sort((a, b) => a.c - b.c);
  for (const [i, { c, v }] of pairs.entries()) {
    indices[from + i] = c;
    data[from + i] = v;
  }
}

/**
 * Checks the parts and copies them into a matrix with ascending columns in each row.
 *
 * @param source  what the numbers came from (a path), for messages.
 * @throws DataError for a repeated barcode or gene, pointers that do not fit, a column out of range, two
 *   values for one barcode and gene, or a value that is NaN, infinite or negative (naming barcode and gene).
 */
export function createCountMatrix(parts: CountMatrixParts, source = 'the counts'): CountMatrix {
  checkNames('barcode', parts.barcodes, source);
  checkNames('gene', parts.genes, source);
  checkPointers(parts, source);
  const counts: CountMatrix = {
    barcodes: [...parts.barcodes],
    genes: [...parts.genes],
    indptr: new Int32Array(parts.indptr),
    indices: new Int32Array(parts.indices),
    data: new Float32Array(parts.data),
  };
  for (let row = 0; row < counts.barcodes.length; row++) {
    sortRow(counts.indices, counts.data, counts.indptr[row]!, counts.indptr[row + 1]!);
    checkRow(counts, row, source);
  }
  return counts;
}

/**
 * Builds a matrix from a full table, row after row; zeros are not stored.
 *
 * @param values  length barcodes.length * genes.length.
 * @throws DataError as {@link createCountMatrix}; ShapeError when the length does not fit.
 */
export function countMatrixFromDense(
  barcodes: readonly string[],
  genes: readonly string[],
  values: MatrixData,
  source = 'the counts',
): CountMatrix {
  const { rows, cols } = matrix(barcodes.length, genes.length, values);
  const indptr = [0];
  const indices: number[] = [];
  const data: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const value = values[r * cols + c]!;
      if (value === 0) continue;
      indices.push(c);
      data.push(value);
    }
    indptr.push(data.length);
  }
  return createCountMatrix({ barcodes, genes, indptr, indices, data }, source);
}

function positions(
  operation: string,
  kind: string,
  held: readonly string[],
  wanted: readonly string[],
): Int32Array {
  const twice = firstDuplicate(wanted);
  if (twice !== undefined) {
    throw new DataError(operation, { need: `each ${kind} once`, found: `"${twice}" more than once` });
  }
  const at = indexByName(held);
  const unknown = wanted.filter((name) => !at.has(name));
  if (unknown.length > 0) {
    throw new DataError(operation, {
      need: `${kind}s that the counts hold`,
      found: `${unknown.length} of ${wanted.length} unknown (${nameSome(unknown)})`,
      next: `check that the ${kind}s and the counts belong together`,
    });
  }
  return Int32Array.from(wanted, (name) => at.get(name)!);
}

/** Storage of the same kind: float32 counts stay float32, float64 expression stays float64. */
function storage<D extends MatrixData>(like: D, length: number): D {
  return (like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)) as D;
}

/**
 * The rows named, in the order named.
 *
 * @throws DataError for a barcode named twice, or unknown ones (listing the first few and how many).
 */
export function selectBarcodes<D extends MatrixData>(
  m: SparseMatrix<D>,
  barcodes: readonly string[],
): SparseMatrix<D> {
  const rows = positions('selectBarcodes', 'barcode', m.barcodes, barcodes);
  const indptr = new Int32Array(rows.length + 1);
  for (const [i, r] of rows.entries()) indptr[i + 1] = indptr[i]! + m.indptr[r + 1]! - m.indptr[r]!;
  const indices = new Int32Array(indptr[rows.length]!);
  const data = storage(m.data, indices.length);
  for (const [i, r] of rows.entries()) {
    indices.set(m.indices.subarray(m.indptr[r], m.indptr[r + 1]), indptr[i]);
    data.set(m.data.subarray(m.indptr[r], m.indptr[r + 1]), indptr[i]);
  }
  return { barcodes: [...barcodes], genes: m.genes, indptr, indices, data };
}

/** New column of every old one, -1 for those left out. */
function columnMap(operation: string, m: SparseMatrix, genes: readonly string[]): Int32Array {
  const map = new Int32Array(m.genes.length).fill(-1);
  for (const [to, from] of positions(operation, 'gene', m.genes, genes).entries()) map[from] = to;
  return map;
}

/**
 * The columns named, in the order named. Stored zeros are not carried over.
 *
 * @throws DataError for a gene named twice, or unknown ones (listing the first few and how many).
 */
export function selectGeneColumns<D extends MatrixData>(
  m: SparseMatrix<D>,
  genes: readonly string[],
): SparseMatrix<D> {
  const map = columnMap('selectGeneColumns', m, genes);
  let kept = 0;
  for (let k = 0; k < m.data.length; k++) if (map[m.indices[k]!]! >= 0 && m.data[k] !== 0) kept++;
  const indptr = new Int32Array(m.barcodes.length + 1);
  const indices = new Int32Array(kept);
  const data = storage(m.data, kept);
  // One full row as scratch puts the columns into their new order without sorting.
  const scratch = storage(m.data, genes.length);
  let at = 0;
  for (let r = 0; r < m.barcodes.length; r++) {
    for (let k = m.indptr[r]!; k < m.indptr[r + 1]!; k++) {
      const to = map[m.indices[k]!]!;
      if (to >= 0) scratch[to] = m.data[k]!;
    }
    for (let c = 0; c < scratch.length; c++) {
      if (scratch[c] === 0) continue;
      indices[at] = c;
      data[at++] = scratch[c]!;
      scratch[c] = 0;
    }
    indptr[r + 1] = at;
  }
  return { barcodes: m.barcodes, genes: [...genes], indptr, indices, data };
}

/**
 * A full table of the genes named (default: all), shape [spots, genes], row after row.
 *
 * @throws DataError as {@link selectGeneColumns}.
 */
export function toDense<D extends MatrixData>(
  m: SparseMatrix<D>,
  genes: readonly string[] = m.genes,
): Matrix<D> {
  const map = columnMap('toDense', m, genes);
  const data = storage(m.data, m.barcodes.length * genes.length);
  for (let r = 0; r < m.barcodes.length; r++) {
    for (let k = m.indptr[r]!; k < m.indptr[r + 1]!; k++) {
      const to = map[m.indices[k]!]!;
      if (to >= 0) data[r * genes.length + to] = m.data[k]!;
    }
  }
  return matrix(m.barcodes.length, genes.length, data);
}

/** Sum of each row (library size), length spots. */
export function spotTotals(m: SparseMatrix): Float64Array {
  const totals = new Float64Array(m.barcodes.length);
  for (let r = 0; r < totals.length; r++) {
    for (let k = m.indptr[r]!; k < m.indptr[r + 1]!; k++) totals[r]! += m.data[k]!;
  }
  return totals;
}

/** Number of spots in which each gene's value is above 0, length genes. */
export function spotsPerGene(m: SparseMatrix): Int32Array {
  const spots = new Int32Array(m.genes.length);
  for (let k = 0; k < m.data.length; k++) if (m.data[k]! > 0) spots[m.indices[k]!]!++;
  return spots;
}
