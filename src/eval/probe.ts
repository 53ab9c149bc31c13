/**
 * The linear probe of the expression benchmark: standardise, optionally reduce by PCA, ridge regression. All three
 * steps are linear in the features, so the fitted probe is one affine map, and its fit needs only the moments of
 * the training rows.
 */
import { UsageError } from '../errors.ts';
import {
  add,
  div,
  eigh,
  matmul,
  mul,
  narrow,
  reshape,
  scope,
  sub,
  type Tensor,
  tensor,
  toFloat64Array,
  transpose,
} from '../tensor/index.ts';
import type { CrossMoments, FeatureMoments } from './feature-moments.ts';
import { solvePenalised } from './penalised-system.ts';
import { hestAlpha, type Ridge } from './ridge.ts';

export interface ProbeOptions {
  /** Principal components kept; undefined: all features. */
  readonly components?: number | undefined;
  /** Weight of ||W||^2 against the SUM of squared errors; `hest`: 100 / (features after reduction * genes). */
  readonly alpha: number | 'hest';
  /** A constant per gene. HEST's benchmark has none: its predictions are centred on 0, which costs MSE and MAE. */
  readonly intercept: boolean;
}

/** A probe's options as a user states them; `cv`: the penalty by nested cross-validation on the training side. */
export interface ProbeWish extends Omit<ProbeOptions, 'components' | 'alpha'> {
  readonly alpha: ProbeOptions['alpha'] | 'cv';
}

/** Principal components as a user asks for them; `auto`: {@link AUTO_COMPONENTS}, or fewer; undefined: no PCA. */
export type ComponentsWish = number | 'auto' | undefined;

/** HEST's number of components. */
export const AUTO_COMPONENTS = 256;

/** Turns `auto` into the number that the features and the smallest training side allow. */
export function resolveComponents(
  wish: ComponentsWish,
  width: number,
  trainSpots: number,
): number | undefined {
  return wish === 'auto' ? Math.max(1, Math.min(AUTO_COMPONENTS, width, trainSpots - 1)) : wish;
}

/** y = x W + intercept, with the penalty that was used. */
export interface Probe extends Ridge {
  readonly alpha: number;
}

/** [1, d]: population standard deviations; 1 for a column whose spread is rounding error or nothing. */
export function columnScales({ rows, mean, scatter }: FeatureMoments): Tensor {
  const d = scatter.size(0);
  const all = toFloat64Array(scatter);
  const centre = toFloat64Array(mean);
  const std = Float64Array.from(centre, (m, i) => {
    const s = Math.sqrt(all[i * d + i]! / rows);
    return s > 1e-12 * Math.abs(m) ? s : 1;
  });
  return tensor(std, [1, d]);
}

/** V diag(1 / (lambda + alpha)) V^T B over the k leading eigenpairs of C: ridge on principal component scores. */
function solveReduced(c: Tensor, k: number, alpha: number, b: Tensor): Tensor {
  const [values, vectors] = eigh(c); // ascending
  const from = c.size(0) - k;
  const axes = narrow(vectors, 1, from, k); // [d, k]
  const shrink = reshape(narrow(values, 0, from, k), [k, 1]);
  const penalty = tensor(new Float64Array(k).fill(alpha), [k, 1]);
  return matmul(axes, div(matmul(transpose(axes, 0, 1), b), add(shrink, penalty)));
}

/**
 * Fits the probe from the moments of the training rows, exactly (Cholesky, or the eigenvectors of the correlation
 * matrix).
 *
 * @throws UsageError when there are more components than the training rows or features allow, or alpha is negative.
 * @throws DataError when the system is singular (alpha 0 with dependent features).
 */
export function fitProbe(features: FeatureMoments, targets: CrossMoments, options: ProbeOptions): Probe {
  const d = features.scatter.size(0);
  const q = targets.scatter.size(1);
  const { components, intercept } = options;
  const most = Math.min(d, features.rows - 1);
  if (components !== undefined && !(Number.isInteger(components) && components >= 1 && components <= most)) {
    throw new UsageError('probe', {
      need: `1 to ${most} principal components for ${features.rows} training spots of ${d} features`,
      found: `${components}`,
      next: 'lower --pca',
    });
  }
  const alpha = options.alpha === 'hest' ? hestAlpha(components ?? d, q) : options.alpha;
  if (!(alpha >= 0)) throw new UsageError('probe', { need: 'alpha >= 0', found: `${alpha}` });
  return scope(() => {
    const std = columnScales(features);
    const stdColumn = reshape(std, [d, 1]);
    const correlation = div(div(features.scatter, std), stdColumn);
    const cross = div(targets.scatter, stdColumn);
    const standardized =
      components === undefined
        ? solvePenalised('probe', correlation, alpha, cross, 'raise alpha or reduce the features (--pca)')
        : solveReduced(correlation, components, alpha, cross);
    const weights = div(standardized, stdColumn);
    const shift = matmul(features.mean, weights);
    const constant = intercept ? sub(targets.mean, shift) : mul(shift, tensor(Float64Array.of(-1), [1, 1]));
    return {
      inputs: d,
      targets: q,
      weights: toFloat64Array(weights),
      intercept: toFloat64Array(constant),
      alpha,
    };
  });
}
