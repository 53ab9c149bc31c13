/** Expectation and sums of a mixture of Gaussians with diagonal covariances; shared by all variants of EM. */
import type { Matrix } from '../../core/matrix.ts';
import {
  add,
  amax,
  exp,
  item,
  log,
  matmul,
  meanAll,
  mulScalar,
  scope,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  toFloat64Array,
  transpose,
} from '../../tensor/index.ts';

/** K components in d dimensions. */
export interface Mixture {
  /** [K], sums to 1. */
  readonly weights: Float64Array;
  /** [K, d] */
  readonly means: Matrix<Float64Array>;
  /** [K, d], positive. */
  readonly variances: Matrix<Float64Array>;
}

/** Patches in native memory, shifted by a common centre, which keeps second moments exact. */
export interface MixtureRows {
  readonly rows: number;
  readonly cols: number;
  readonly centre: Float64Array;
  /** [n, d], centre subtracted. */
  readonly x: Tensor;
  readonly squares: Tensor;
}

/** Owned by the caller's scope. */
export function mixtureRows({ rows, cols, data }: Matrix, centre: Float64Array): MixtureRows {
  const x = tensor(
    Float64Array.from(data, (v, i) => v - centre[i % cols]!),
    [rows, cols],
  );
  return { rows, cols, centre, x, squares: square(x) };
}

/** What one expectation step yields. */
export interface Expectation {
  /** [n, K] row-major, rows sum to 1. */
  readonly responsibilities: Tensor;
  /** Mean over rows of log p(x). */
  readonly meanLogLikelihood: number;
}

const LOG_2_PI = Math.log(2 * Math.PI);

/** Responsibilities r_nk of every component for every row. Owned by the caller's scope. */
export function expectation({ x, squares, centre, cols }: MixtureRows, mixture: Mixture): Expectation {
  return scope(() => {
    const k = mixture.weights.length;
    const inverse = mixture.variances.data.map((v) => 1 / v);
    const shifted = mixture.means.data.map((v, i) => v - centre[i % cols]!);
    // log pi - (d log 2 pi + sum log v + sum m^2 / v) / 2: what does not depend on x.
    const constant = mixture.weights.map((w, c) => {
      let total = cols * LOG_2_PI;
      for (let i = c * cols; i < (c + 1) * cols; i++) {
        total += Math.log(mixture.variances.data[i]!) + shifted[i]! ** 2 * inverse[i]!;
      }
      return Math.log(w) - total / 2;
    });
    const quadratic = matmul(squares, transpose(tensor(inverse, [k, cols]), 0, 1));
    const linear = matmul(
      x,
      transpose(
        tensor(
          shifted.map((v, i) => v * inverse[i]!),
          [k, cols],
        ),
        0,
        1,
      ),
    );
    const joint = add(add(mulScalar(quadratic, -0.5), linear), tensor(constant, [1, k]));
    const most = amax(joint, { dim: [1], keepdim: true });
    const total = add(log(sum(exp(sub(joint, most)), [1], { keepdim: true })), most);
    return {
      responsibilities: exp(sub(joint, total)),
      meanLogLikelihood: item(meanAll(total)),
    };
  });
}

/** Sums over rows, weighted by responsibilities; first and second ones about the common centre. */
export interface Moments {
  /** [K] */
  readonly mass: Float64Array;
  /** [K, d] */
  readonly first: Float64Array;
  /** [K, d] */
  readonly second: Float64Array;
}

/** Weighted sums for the maximisation. */
export function moments({ x, squares }: MixtureRows, responsibilities: Tensor): Moments {
  return scope(() => {
    const columns = transpose(responsibilities, 0, 1);
    return {
      mass: toFloat64Array(sum(responsibilities, [0])),
      first: toFloat64Array(matmul(columns, x)),
      second: toFloat64Array(matmul(columns, squares)),
    };
  });
}

/** A mixture from means and variances about the common centre. */
export function mixtureFrom(
  weights: Float64Array,
  means: Float64Array,
  variances: Float64Array,
  centre: Float64Array,
): Mixture {
  const [rows, cols] = [weights.length, centre.length];
  return {
    weights,
    means: { rows, cols, data: means.map((v, i) => v + centre[i % cols]!) },
    variances: { rows, cols, data: variances },
  };
}
