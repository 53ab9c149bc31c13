/** Means and scatter of feature rows, which can be added up: one pass over the data serves every fold. */
import {
  add,
  divScalar,
  matmul,
  mean,
  mulScalar,
  scope,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../tensor/index.ts';

/** Count, mean and centred scatter of a set of rows. */
export interface FeatureMoments {
  readonly rows: number;
  /** [1, d] float64. */
  readonly mean: Tensor;
  /** [d, d] float64: sum over rows of (x - mean)^T (x - mean). */
  readonly scatter: Tensor;
}

/** Moments of x [n, d] float64, n >= 1. */
export function featureMoments(x: Tensor): FeatureMoments {
  return scope(() => {
    const centre = mean(x, [0], { keepdim: true });
    const centred = sub(x, centre);
    return { rows: x.size(0), mean: centre, scatter: matmul(transpose(centred, 0, 1), centred) };
  });
}

/**
 * Moments of the union of disjoint sets of rows, without touching the rows again.
 *
 * @source Chan, Golub, LeVeque 1979 (parallel variance), which loses no digits to cancellation.
 */
export function mergeMoments(parts: readonly FeatureMoments[]): FeatureMoments {
  return scope(() =>
    parts.reduce((a, b) => {
      const rows = a.rows + b.rows;
      const apart = sub(b.mean, a.mean);
      const between = mulScalar(matmul(transpose(apart, 0, 1), apart), (a.rows * b.rows) / rows);
      return {
        rows,
        mean: add(a.mean, mulScalar(apart, b.rows / rows)),
        scatter: add(add(a.scatter, b.scatter), between),
      };
    }),
  );
}

/** Targets of the same rows as some {@link FeatureMoments}. */
export interface CrossMoments {
  /** [1, q] float64. */
  readonly mean: Tensor;
  /** [d, q] float64: sum over rows of (x - featureMean)^T (y - targetMean). */
  readonly scatter: Tensor;
}

/**
 * Cross moments of rows that lie in several parts.
 *
 * @param features moments of all those rows.
 * @param parts    the rows themselves: x [n_i, d] and y [n_i, q], float64.
 */
export function crossMoments(
  features: FeatureMoments,
  parts: readonly { readonly x: Tensor; readonly y: Tensor }[],
): CrossMoments {
  return scope(() => {
    const totals = parts.map(({ y }) => sum(y, [0], { keepdim: true })).reduce((a, b) => add(a, b));
    const centre = divScalar(totals, features.rows);
    const products = parts.map(({ x, y }) =>
      scope(() => matmul(transpose(sub(x, features.mean), 0, 1), sub(y, centre))),
    );
    return { mean: centre, scatter: products.reduce((a, b) => add(a, b)) };
  });
}
