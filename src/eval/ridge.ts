import { UsageError } from '../errors.ts';
import {
  add,
  matmul,
  mean,
  scope,
  sub,
  type Tensor,
  tensor,
  toFloat64Array,
  transpose,
} from '../tensor/index.ts';
import { solvePenalised } from './penalised-system.ts';

export interface RidgeOptions {
  /** Weight of ||W||^2 against the SUM of squared errors. */
  readonly alpha: number;
  /** An unpenalised constant per target. HEST's benchmark has none, which biases MSE and MAE (not PCC). */
  readonly intercept: boolean;
}

/** y = x W + intercept. */
export interface Ridge {
  readonly inputs: number;
  readonly targets: number;
  /** [inputs, targets] row-major. */
  readonly weights: Float64Array;
  readonly intercept: Float64Array;
}

/** HEST's penalty: 100 / (features * targets). */
export function hestAlpha(features: number, targets: number): number {
  return 100 / (features * targets);
}

const solve = (gram: Tensor, alpha: number, right: Tensor) =>
  solvePenalised('ridge', gram, alpha, right, 'raise alpha');

/** W of min ||Y - X W||^2 + alpha ||W||^2, in whichever of the two equal forms has the smaller system. */
function solveWeights(x: Tensor, y: Tensor, alpha: number): Tensor {
  const xt = transpose(x, 0, 1);
  if (x.size(0) >= x.size(1)) return solve(matmul(xt, x), alpha, matmul(xt, y));
  return matmul(xt, solve(matmul(x, xt), alpha, y));
}

/**
 * Exact ridge regression (Cholesky), all targets at once.
 *
 * @param x [n, p] float64.
 * @param y [n, q] float64.
 */
export function fitRidge(x: Tensor, y: Tensor, { alpha, intercept }: RidgeOptions): Ridge {
  if (!(alpha >= 0)) throw new UsageError('ridge', { need: 'alpha >= 0', found: `${alpha}` });
  return scope(() => {
    const [p, q] = [x.size(1), y.size(1)];
    if (!intercept) {
      const weights = toFloat64Array(solveWeights(x, y, alpha));
      return { inputs: p, targets: q, weights, intercept: new Float64Array(q) };
    }
    const [xMean, yMean] = [mean(x, [0], { keepdim: true }), mean(y, [0], { keepdim: true })];
    const weights = solveWeights(sub(x, xMean), sub(y, yMean), alpha);
    const constant = sub(yMean, matmul(xMean, weights));
    return { inputs: p, targets: q, weights: toFloat64Array(weights), intercept: toFloat64Array(constant) };
  });
}

/** Predictions [n, q] float64 of x [n, p]. */
export function predictRidge(x: Tensor, model: Ridge): Tensor {
  return scope(() => {
    const weights = tensor(model.weights, [model.inputs, model.targets]);
    return add(matmul(x, weights), tensor(model.intercept, [1, model.targets]));
  });
}
