import type { Matrix } from '../../core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../errors.ts';
import {
  chiSquareTail,
  choleskyFactor,
  choleskySubstitute,
  inverseDiagonal,
  normalTwoSided,
  requireFinite,
} from '../numeric/index.ts';
import { linearPredictor, type PartialLikelihood, partialLikelihood, type Ties } from './cox-likelihood.ts';
import { checkSurvival, eventCount, type SurvivalTimes } from './survival-times.ts';

export interface CoxOptions {
  /** Default `efron`. */
  readonly ties?: Ties;
  /** Weight of ||b||^2 / 2 against the log partial likelihood; default 0. */
  readonly l2?: number;
  /** Newton steps at most; default 50. */
  readonly maxIterations?: number;
}

/** Hazard(t | x) = baseline(t) e^{x b}. */
export interface Cox {
  readonly coefficients: Float64Array;
  /** From the inverse of the (penalised) information. */
  readonly standardErrors: Float64Array;
  /** Wald statistics and two-sided p-values; with l2 > 0 they are those of shrunken estimates. */
  readonly z: Float64Array;
  readonly p: Float64Array;
  /** Log partial likelihood at the coefficients and at 0, without the penalty. */
  readonly logLikelihood: number;
  readonly nullLogLikelihood: number;
  /** Twice their difference, against a chi-square with as many degrees of freedom as coefficients. */
  readonly likelihoodRatio: number;
  readonly likelihoodRatioP: number;
  readonly iterations: number;
  /** False when the steps ran out, e.g. because the likelihood has no maximum. */
  readonly converged: boolean;
  readonly ties: Ties;
  readonly l2: number;
}

const half = (l2: number, b: Float64Array) => (l2 / 2) * b.reduce((sum, v) => sum + v * v, 0);

function factorOf(information: Float64Array, l2: number, p: number): Float64Array {
  const matrix = Float64Array.from(information);
  for (let a = 0; a < p; a++) matrix[a * p + a]! += l2;
  const factor = choleskyFactor(matrix, p);
  if (factor !== undefined) return factor;
  throw new DataError('Cox regression', {
    need: 'columns that are linearly independent, or a larger penalty',
    found: `a singular information matrix at l2 = ${l2}`,
    next: 'raise l2',
  });
}

function checkInput(x: Matrix, survival: SurvivalTimes, l2: number): void {
  if (!(l2 >= 0)) throw new UsageError('Cox regression', { need: 'l2 >= 0', found: `${l2}` });
  if (x.cols === 0 || x.rows === 0) {
    throw new ShapeError('Cox regression', { need: 'rows and columns', found: `${x.rows} x ${x.cols}` });
  }
  checkSurvival('Cox regression', survival, x.rows);
  requireFinite('Cox regression', 'covariates', x);
  if (eventCount(survival) === 0) {
    throw new DataError('Cox regression', {
      need: 'at least one event',
      found: `none in ${x.rows} patients`,
    });
  }
}

interface Point {
  readonly b: Float64Array;
  readonly at: PartialLikelihood;
  /** Penalised log likelihood. */
  readonly value: number;
}

/**
 * One Newton step, halved until the penalised likelihood does not fall; undefined when none helps. A fall within the
 * likelihood's own rounding counts as none: near the optimum the last good step often looks like one.
 */
function newtonStep(point: Point, evaluate: (b: Float64Array) => Point, l2: number): Point | undefined {
  const p = point.b.length;
  const slope = point.at.gradient.map((g, a) => g - l2 * point.b[a]!);
  const step = choleskySubstitute(factorOf(point.at.information, l2, p), slope);
  const lowest = point.value - 1e-13 * Math.abs(point.at.value);
  for (let scale = 1; scale > 1e-10; scale /= 2) {
    const next = evaluate(point.b.map((b, a) => b + scale * step[a]!));
    if (next.value >= lowest) return next;
  }
  return undefined;
}

/**
 * Fits a Cox proportional-hazards model by Newton's method on
 *   log partial likelihood - (l2 / 2) ||b||^2.
 *
 * @param x [n, p] finite covariates; there is no intercept, a shift of a column changes nothing.
 * @throws DataError without an event, for linearly dependent columns without penalty, or unusable values.
 * @source Cox 1972; ties after Breslow 1974 and Efron 1977.
 */
export function fitCox(x: Matrix, survival: SurvivalTimes, options: CoxOptions = {}): Cox {
  const { ties = 'efron', l2 = 0, maxIterations = 50 } = options;
  checkInput(x, survival, l2);
  const evaluate = (b: Float64Array): Point => {
    const at = partialLikelihood(x, survival, b, ties);
    return { b, at, value: at.value - half(l2, b) };
  };
  const start = evaluate(new Float64Array(x.cols));
  let point = start;
  let [iterations, converged] = [0, false];
  while (iterations < maxIterations && !converged) {
    const next = newtonStep(point, evaluate, l2);
    const moved =
      next === undefined ? 0 : next.b.reduce((m, b, a) => Math.max(m, Math.abs(b - point.b[a]!)), 0);
    converged = next === undefined || moved <= 1e-10 * (1 + Math.max(...next.b.map(Math.abs)));
    point = next ?? point;
    iterations++;
  }
  return summarised(point, start.at.value, { iterations, converged, ties, l2 });
}

function summarised(
  { b, at }: Point,
  nullLogLikelihood: number,
  rest: Pick<Cox, 'iterations' | 'converged' | 'ties' | 'l2'>,
): Cox {
  const standardErrors = inverseDiagonal(factorOf(at.information, rest.l2, b.length), b.length).map(
    Math.sqrt,
  );
  const z = b.map((value, a) => value / standardErrors[a]!);
  const likelihoodRatio = 2 * (at.value - nullLogLikelihood);
  return {
    coefficients: b,
    standardErrors,
    z,
    p: z.map(normalTwoSided),
    logLikelihood: at.value,
    nullLogLikelihood,
    likelihoodRatio,
    likelihoodRatioP: chiSquareTail(likelihoodRatio, b.length),
    ...rest,
  };
}

/** Log hazard ratios x b of rows, relative to x = 0. */
export function coxRisks({ coefficients }: Pick<Cox, 'coefficients'>, x: Matrix): Float64Array {
  if (x.cols !== coefficients.length) {
    throw new ShapeError('Cox regression', { need: `${coefficients.length} columns`, found: `${x.cols}` });
  }
  return linearPredictor(x, coefficients);
}
