import type { Matrix } from '../../core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../errors.ts';
import { scope, toFloat64Array } from '../../tensor/index.ts';
import { argmaxRows, columnMeans, requireFinite } from '../numeric/index.ts';
import { expectation, type Mixture, mixtureFrom, mixtureRows, moments } from './mixture-steps.ts';

export type { Mixture } from './mixture-steps.ts';

export interface MixtureOptions {
  /** Rounds at most; default 100. */
  readonly maxIterations?: number;
  /** Ends when the mean log likelihood rises by less; default 1e-3. 0: all rounds. */
  readonly tolerance?: number;
  /** Added to every variance; default 1e-6. */
  readonly regCovar?: number;
}

/** One round: the likelihood of the mixture it started from. */
export interface MixtureRound {
  readonly meanLogLikelihood: number;
}

export interface FittedMixture {
  readonly mixture: Mixture;
  readonly trace: readonly MixtureRound[];
  /** Of the final mixture. */
  readonly meanLogLikelihood: number;
  readonly bic: number;
  readonly aic: number;
  readonly converged: boolean;
}

function checkMixture(m: Matrix, { weights, means, variances }: Mixture): void {
  const k = weights.length;
  for (const table of [means, variances]) {
    if (table.rows === k && table.cols === m.cols && k > 0) continue;
    throw new ShapeError('mixture', {
      need: `means and variances of ${k} components in ${m.cols} dimensions`,
      found: `${table.rows} x ${table.cols}`,
    });
  }
  if (variances.data.every((v) => v > 0) && weights.every((w) => w >= 0)) return;
  throw new DataError('mixture', { need: 'positive variances and weights', found: 'a value of 0 or below' });
}

function checkRows(m: Matrix): void {
  if (m.rows === 0) throw new DataError('mixture', { need: 'at least one row', found: 'none' });
  requireFinite('mixture', 'features', m);
}

/** Weights, means and variances that the responsibilities ask for. */
function maximisation(
  { mass, first, second }: ReturnType<typeof moments>,
  centre: Float64Array,
  regCovar: number,
): Mixture {
  const cols = centre.length;
  // A component without rows keeps a mass above 0, so that its mean stays finite.
  const kept = mass.map((v) => v + 10 * Number.EPSILON);
  const total = kept.reduce((sum, v) => sum + v, 0);
  const means = first.map((v, i) => v / kept[Math.floor(i / cols)]!);
  const variances = second.map((v, i) => {
    const spread = v / kept[Math.floor(i / cols)]! - means[i]! ** 2;
    return Math.max(0, spread) + regCovar;
  });
  return mixtureFrom(
    kept.map((v) => v / total),
    means,
    variances,
    centre,
  );
}

/**
 * Fits a mixture of Gaussians with diagonal covariances by expectation-maximisation.
 *
 * @param m     [n, d] finite.
 * @param start e.g. from k-means; decides which local maximum is found.
 * @throws UsageError, ShapeError or DataError for unusable options, start or rows.
 * @source Dempster, Laird and Rubin 1977; conventions as scikit-learn's GaussianMixture.
 */
export function fitMixture(m: Matrix, start: Mixture, options: MixtureOptions = {}): FittedMixture {
  const { maxIterations = 100, tolerance = 1e-3, regCovar = 1e-6 } = options;
  if (!(Number.isInteger(maxIterations) && maxIterations >= 1 && tolerance >= 0 && regCovar >= 0)) {
    throw new UsageError('mixture', {
      need: 'at least one round, tolerance and regCovar of 0 or more',
      found: `${maxIterations}, ${tolerance}, ${regCovar}`,
    });
  }
  checkRows(m);
  checkMixture(m, start);
  return scope(() => {
    const rows = mixtureRows(m, columnMeans(m));
    const trace: MixtureRound[] = [];
    let mixture = start;
    let converged = false;
    let last = Number.NEGATIVE_INFINITY;
    while (trace.length < maxIterations && !converged) {
      mixture = scope(() => {
        const { responsibilities, meanLogLikelihood } = expectation(rows, mixture);
        trace.push({ meanLogLikelihood });
        return maximisation(moments(rows, responsibilities), rows.centre, regCovar);
      });
      const now = trace.at(-1)!.meanLogLikelihood;
      converged = tolerance > 0 && Math.abs(now - last) < tolerance;
      last = now;
    }
    const { meanLogLikelihood } = scope(() => expectation(rows, mixture));
    const k = mixture.weights.length;
    const free = 2 * k * m.cols + k - 1;
    const deviance = -2 * m.rows * meanLogLikelihood;
    const criteria = { bic: deviance + free * Math.log(m.rows), aic: deviance + 2 * free };
    return { mixture, trace, meanLogLikelihood, ...criteria, converged };
  });
}

/** Responsibilities [n, K] of the components for each row. */
export function mixtureResponsibilities(m: Matrix, mixture: Mixture): Matrix<Float64Array> {
  checkRows(m);
  checkMixture(m, mixture);
  const data = scope(() =>
    toFloat64Array(expectation(mixtureRows(m, columnMeans(m)), mixture).responsibilities),
  );
  return { rows: m.rows, cols: mixture.weights.length, data };
}

/** The most responsible component of each row; of equal ones the first. */
export function mixtureLabels(m: Matrix, mixture: Mixture): Int32Array {
  return argmaxRows(mixtureResponsibilities(m, mixture));
}
