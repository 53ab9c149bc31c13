/** Logistic regression by Newton's method in plain arrays: a check on both our fits and the golden ones. */
import type { Matrix } from '../../../src/core/matrix.ts';
import { matrixRow } from '../../../src/core/matrix.ts';

export interface LogisticWeights {
  /** One row per output; a task of two classes has one output, the second class's logit. */
  readonly coef: readonly ArrayLike<number>[];
  readonly intercept: ArrayLike<number>;
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((v) => Math.exp(v - most));
  const sum = powers.reduce((total, v) => total + v, 0);
  return powers.map((v) => v / sum);
}

/** A x = b by elimination with pivots. */
function solve(A: Float64Array[], b: Float64Array): Float64Array {
  const n = b.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(A[i]![k]!) > Math.abs(A[pivot]![k]!)) pivot = i;
    [A[k], A[pivot]] = [A[pivot]!, A[k]!];
    [b[k], b[pivot]] = [b[pivot]!, b[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = A[i]![k]! / A[k]![k]!;
      for (let j = k; j < n; j++) A[i]![j]! -= factor * A[k]![j]!;
      b[i]! -= factor * b[k]!;
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) b[k]! -= A[k]![j]! * b[j]!;
    b[k]! /= A[k]![k]!;
  }
  return b;
}

/** Probabilities [row][class]. */
export function probabilitiesOf({ coef, intercept }: LogisticWeights, x: Matrix): number[][] {
  return Array.from({ length: x.rows }, (_, r) => {
    const row = matrixRow(x, r);
    const logits = coef.map((w, k) => Array.from(row).reduce((sum, v, d) => sum + v * w[d]!, intercept[k]!));
    return softmax(coef.length === 1 ? [0, ...logits] : logits);
  });
}

/**
 * Newton steps from `start` on sum of log losses + |W|^2 / (2 C), intercepts free (scikit-learn's objective over C), until
 * the gradient is below 1e-11. Several intercepts may move together without effect; 1e-9 on their diagonal holds them.
 */
export function newtonLogistic(
  start: LogisticWeights,
  x: Matrix,
  codes: readonly number[],
  c: number,
): LogisticWeights {
  const [outputs, width] = [start.coef.length, x.cols + 1];
  const shift = outputs === 1 ? 1 : 0;
  const w = start.coef.map((row, k) => Float64Array.from([...Array.from(row), start.intercept[k]!]));
  for (let step = 0; step < 30; step++) {
    const size = outputs * width;
    const gradient = new Float64Array(size);
    const hessian = Array.from({ length: size }, () => new Float64Array(size));
    for (let k = 0; k < outputs; k++) {
      for (let d = 0; d < width; d++) {
        const isWeight = d < x.cols;
        gradient[k * width + d] = isWeight ? w[k]![d]! / c : 0;
        hessian[k * width + d]![k * width + d] = isWeight ? 1 / c : outputs > 1 ? 1e-9 : 0;
      }
    }
    const coef = w.map((row) => row.subarray(0, x.cols));
    const rows = probabilitiesOf({ coef, intercept: w.map((row) => row[x.cols]!) }, x);
    for (const [r, p] of rows.entries()) {
      const features = [...Array.from(matrixRow(x, r)), 1];
      for (let k = 0; k < outputs; k++) {
        const error = p[k + shift]! - (codes[r] === k + shift ? 1 : 0);
        for (let d = 0; d < width; d++) gradient[k * width + d]! += error * features[d]!;
        for (let l = 0; l < outputs; l++) {
          const curve = p[k + shift]! * ((k === l ? 1 : 0) - p[l + shift]!);
          for (let d = 0; d < width; d++) {
            for (let e = 0; e < width; e++)
              hessian[k * width + d]![l * width + e]! += curve * features[d]! * features[e]!;
          }
        }
      }
    }
    if (gradient.every((v) => Math.abs(v) < 1e-11)) return { coef, intercept: w.map((row) => row[x.cols]!) };
    const move = solve(hessian, gradient);
    for (let k = 0; k < outputs; k++) for (let d = 0; d < width; d++) w[k]![d]! -= move[k * width + d]!;
  }
  throw new Error('Newton steps did not come to rest');
}
