import { div, mean, scope, square, sub, type Tensor, tensor, toFloat64Array } from '../tensor/index.ts';

/** Column means and scales of training data. */
export interface Standardizer {
  readonly mean: Float64Array;
  /** Population standard deviation (ddof 0); 1 where a column is constant. */
  readonly scale: Float64Array;
}

/**
 * Column statistics of `x`.
 *
 * @param x [n, d] float64, n >= 1.
 */
export function fitStandardizer(x: Tensor): Standardizer {
  return scope(() => {
    const centre = mean(x, [0], { keepdim: true });
    const variance = toFloat64Array(mean(square(sub(x, centre)), [0]));
    return {
      mean: toFloat64Array(centre),
      scale: variance.map((v) => (v > 0 ? Math.sqrt(v) : 1)),
    };
  });
}

/** (x - mean) / scale per column. */
export function standardize(x: Tensor, { mean: centre, scale }: Standardizer): Tensor {
  return scope(() => {
    const shape = [1, centre.length];
    return div(sub(x, tensor(centre, shape)), tensor(scale, shape));
  });
}
