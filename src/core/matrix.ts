/** Dense tables of numbers outside the compute engine: predictions, measurements, features on their way to a file. */
import { ShapeError } from '../errors.ts';

/** Storage of a {@link Matrix}. */
export type MatrixData = Float64Array | Float32Array;

/** Row-major table: element (r, c) is `data[r * cols + c]`. */
export interface Matrix<D extends MatrixData = MatrixData> {
  readonly rows: number;
  readonly cols: number;
  /** Length rows * cols. */
  readonly data: D;
}

/**
 * Wraps `data` (not copied) as a table.
 *
 * @throws ShapeError when its length is not rows * cols.
 */
export function matrix<D extends MatrixData>(rows: number, cols: number, data: D): Matrix<D> {
  const valid = Number.isInteger(rows) && Number.isInteger(cols) && rows >= 0 && cols >= 0;
  if (!valid || data.length !== rows * cols) {
    throw new ShapeError('matrix', {
      need: `rows x cols = ${rows} x ${cols} values`,
      found: `${data.length}`,
    });
  }
  return { rows, cols, data };
}

/**
 * Copies rows of equal length into a float64 table.
 *
 * @throws ShapeError when a row is longer or shorter than the first.
 */
export function matrixFromRows(rows: readonly ArrayLike<number>[]): Matrix<Float64Array> {
  const cols = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * cols);
  for (const [r, row] of rows.entries()) {
    if (row.length !== cols) {
      throw new ShapeError('matrix', {
        need: `${cols} values in row ${r}, as in row 0`,
        found: `${row.length}`,
      });
    }
    data.set(row, r * cols);
  }
  return { rows: rows.length, cols, data };
}

function checkIndex(what: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new ShapeError('matrix', { need: `a ${what} index from 0 to ${count - 1}`, found: `${index}` });
}

/** Row r as a view: writing to it writes to the table. */
export function matrixRow<D extends MatrixData>(m: Matrix<D>, r: number): D {
  checkIndex('row', r, m.rows);
  return m.data.subarray(r * m.cols, (r + 1) * m.cols) as D;
}

/** Column c as a new float64 array. */
export function matrixColumn(m: Matrix, c: number): Float64Array {
  checkIndex('column', c, m.cols);
  const column = new Float64Array(m.rows);
  for (let r = 0; r < m.rows; r++) column[r] = m.data[r * m.cols + c]!;
  return column;
}

function sameStorage<D extends MatrixData>(like: D, length: number): D {
  return (like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)) as D;
}

/** Copies the named rows, in the order given; a row may be named more than once. */
export function selectRows<D extends MatrixData>(m: Matrix<D>, rows: readonly number[]): Matrix<D> {
  const data = sameStorage(m.data, rows.length * m.cols);
  for (const [i, r] of rows.entries()) data.set(matrixRow(m, r), i * m.cols);
  return { rows: rows.length, cols: m.cols, data };
}

function firstOf(parts: readonly Matrix[], operation: string): Matrix {
  const first = parts[0];
  if (first === undefined) throw new ShapeError(operation, { need: 'at least one table', found: 'none' });
  return first;
}

/** float64 as soon as one part is float64, else float32. */
function commonStorage(parts: readonly Matrix[], length: number): MatrixData {
  const wide = parts.some((part) => part.data instanceof Float64Array);
  return wide ? new Float64Array(length) : new Float32Array(length);
}

/**
 * Stacks tables with equal column counts on top of each other; float64 if any part is.
 *
 * @throws ShapeError for no table or unequal column counts.
 */
export function vstack(parts: readonly Matrix[]): Matrix {
  const { cols } = firstOf(parts, 'vstack');
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = commonStorage(parts, rows * cols);
  let offset = 0;
  for (const part of parts) {
    if (part.cols !== cols) {
      throw new ShapeError('vstack', { need: `${cols} columns in every table`, found: `${part.cols}` });
    }
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return { rows, cols, data };
}

/**
 * Joins tables with equal row counts side by side; float64 if any part is.
 *
 * @throws ShapeError for no table or unequal row counts.
 */
export function hstack(parts: readonly Matrix[]): Matrix {
  const { rows } = firstOf(parts, 'hstack');
  const cols = parts.reduce((sum, part) => sum + part.cols, 0);
  const data = commonStorage(parts, rows * cols);
  let left = 0;
  for (const part of parts) {
    if (part.rows !== rows) {
      throw new ShapeError('hstack', { need: `${rows} rows in every table`, found: `${part.rows}` });
    }
    for (let r = 0; r < rows; r++) data.set(matrixRow(part, r), r * cols + left);
    left += part.cols;
  }
  return { rows, cols, data };
}
