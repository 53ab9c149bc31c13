import { UsageError } from '../errors.ts';
import {
  matmul,
  mean,
  narrow,
  scope,
  sub,
  svd,
  type Tensor,
  tensor,
  toFloat64Array,
  transpose,
} from '../tensor/index.ts';

/** Principal axes of training data. */
export interface Pca {
  readonly dimensions: number;
  readonly mean: Float64Array;
  /** [k, dimensions] row-major, unit rows, by falling variance. */
  readonly components: Float64Array;
  readonly singularValues: Float64Array;
  /** Variance along each axis, n - 1 in the denominator. */
  readonly explainedVariance: Float64Array;
  readonly explainedVarianceRatio: Float64Array;
}

/** Flips each axis so that its training score of largest magnitude is positive; SVD leaves the sign open. */
function signs(left: Float64Array, rows: number, columns: number, k: number): number[] {
  return Array.from({ length: k }, (_, c) => {
    let best = 0;
    for (let r = 0; r < rows; r++) {
      const value = left[r * columns + c]!;
      if (Math.abs(value) > Math.abs(best)) best = value;
    }
    return best < 0 ? -1 : 1;
  });
}

/**
 * The first k principal axes, by exact singular value decomposition (scikit-learn's default may be randomised).
 *
 * @param x [n, d] float64.
 * @param k at most min(n, d).
 * @throws UsageError when k is larger.
 */
export function fitPca(x: Tensor, k: number): Pca {
  const [n, d] = [x.size(0), x.size(1)];
  if (!Number.isInteger(k) || k < 1 || k > Math.min(n, d)) {
    throw new UsageError('PCA', {
      need: `1 to ${Math.min(n, d)} components for ${n} rows of ${d} features`,
      found: `${k}`,
    });
  }
  return scope(() => {
    const centre = mean(x, [0], { keepdim: true });
    const [left, singular, right] = svd(sub(x, centre), { fullMatrices: false });
    const rank = Math.min(n, d);
    const all = toFloat64Array(singular);
    const total = all.reduce((sum, s) => sum + s * s, 0);
    const flip = signs(toFloat64Array(left), n, rank, k);
    const components = toFloat64Array(narrow(right, 0, 0, k)).map((v, i) => v * flip[Math.floor(i / d)]!);
    const singularValues = all.slice(0, k);
    return {
      dimensions: d,
      mean: toFloat64Array(centre),
      components,
      singularValues,
      explainedVariance: singularValues.map((s) => (s * s) / (n - 1)),
      explainedVarianceRatio: singularValues.map((s) => (s * s) / total),
    };
  });
}

/** Scores of x [n, d] on the axes: [n, k] float64. */
export function pcaScores(x: Tensor, pca: Pca): Tensor {
  return scope(() => {
    const d = pca.dimensions;
    const axes = tensor(pca.components, [pca.components.length / d, d]);
    return matmul(sub(x, tensor(pca.mean, [1, d])), transpose(axes, 0, 1));
  });
}
