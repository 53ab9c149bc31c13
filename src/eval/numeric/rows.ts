/** Row-wise operations on tables of features. */
import { type Matrix, matrixRow } from '../../core/matrix.ts';
import { DataError } from '../../errors.ts';

/**
 * Refuses NaN and infinite features, which would otherwise end as a silent wrong rank or a NaN probability.
 *
 * @throws DataError naming row and column of the first one.
 */
export function requireFinite(operation: string, what: string, { data, cols }: Matrix): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new DataError(operation, {
    need: `finite ${what}`,
    found: `${data[at]} in row ${Math.floor(at / cols)}, column ${at % cols}`,
  });
}

/** Mean of every column, float64. */
export function columnMeans({ rows, cols, data }: Matrix): Float64Array {
  const means = new Float64Array(cols);
  for (let i = 0; i < data.length; i++) means[i % cols]! += data[i]!;
  return means.map((sum) => sum / rows);
}

/**
 * Rows divided by their length, as float64; rows of zeros stay zero. With `centre`, it is subtracted first.
 */
export function unitRows(m: Matrix, centre?: Float64Array): Matrix<Float64Array> {
  const data = Float64Array.from(m.data);
  for (let r = 0; r < m.rows; r++) {
    const row = data.subarray(r * m.cols, (r + 1) * m.cols);
    if (centre !== undefined) for (let c = 0; c < m.cols; c++) row[c]! -= centre[c]!;
    const length = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
    if (length > 0) for (let c = 0; c < m.cols; c++) row[c]! /= length;
  }
  return { rows: m.rows, cols: m.cols, data };
}

/** Index of the largest value; the first of equal ones. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** {@link argmax} of every row. */
export function argmaxRows(m: Matrix): Int32Array {
  return Int32Array.from({ length: m.rows }, (_, r) => argmax(matrixRow(m, r)));
}

/** log(sum(exp(values))) without overflow; -Infinity for no values. */
export function logSumExp(values: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!);
  if (most === Number.NEGATIVE_INFINITY) return most;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i]! - most);
  return most + Math.log(sum);
}
