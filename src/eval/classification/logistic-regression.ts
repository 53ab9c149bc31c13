import type { Matrix } from '../../core/matrix.ts';
import { DataError, ShapeError, UsageError } from '../../errors.ts';
import { keep, matmul, scope, tensor, toFloat64Array, transpose } from '../../tensor/index.ts';
import { type LbfgsStop, logSumExp, minimize, requireFinite } from '../numeric/index.ts';
import { checkCodes, classCounts } from './labels.ts';
import { asTensor, logisticProblem, type WeightPenalty } from './logistic-objective.ts';

export type { WeightPenalty } from './logistic-objective.ts';

export interface LogisticOptions {
  /** Inverse strength of the penalty; see {@link fitLogistic}. */
  readonly c: number;
  /** Default `squared`. */
  readonly penalty?: WeightPenalty;
  /** `auto` (default): one logit for two classes, softmax for more. `softmax`: one logit per class always. */
  readonly outputs?: 'auto' | 'softmax';
  /** Default 1000. */
  readonly maxIterations?: number;
  /** Largest gradient component of the mean loss at which the fit ends; default 1e-9. */
  readonly tolerance?: number;
  /** A model of the same data to start from; default zeros. */
  readonly start?: LogisticModel;
}

/** Probabilities follow from the logits x W^T + b. */
export interface LogisticModel {
  readonly inputs: number;
  /** Classes of the task, also those the training set lacks. */
  readonly classCount: number;
  /** Classes of the training set, ascending; logit k belongs to `present[k]` (one logit: to `present[1]`). */
  readonly present: readonly number[];
  /** Logits: 0 when only one class was there to learn, 1 for two classes, else one per class. */
  readonly outputs: number;
  /** [outputs, inputs] row-major. */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
  readonly c: number;
  /** Minimum of the penalised mean loss. */
  readonly objective: number;
  readonly iterations: number;
  /** Why the fit ended; `iterations` means that it did not converge. */
  readonly stopped: LbfgsStop;
  /** True when the `norm` penalty holds all weights at 0: the model then ignores its input. */
  readonly collapsed: boolean;
}

/** UNI's choice of C: features * classes / 100. */
export function uniC(features: number, classes: number): number {
  return (features * classes) / 100;
}

/** A model for a training set with a single class: it always says that class. */
function constantModel(
  inputs: number,
  classCount: number,
  present: readonly number[],
  c: number,
): LogisticModel {
  const empty = new Float64Array(0);
  const fitted = { weights: empty, intercepts: empty, objective: 0, iterations: 0 };
  return { inputs, classCount, present, outputs: 0, c, ...fitted, stopped: 'gradient', collapsed: false };
}

function checkTraining(x: Matrix, codes: ArrayLike<number>, classCount: number, c: number): void {
  if (!(c > 0 && Number.isFinite(c))) {
    throw new UsageError('logistic regression', { need: 'C > 0', found: `${c}` });
  }
  if (x.rows === 0) {
    throw new DataError('logistic regression', { need: 'at least one training row', found: 'none' });
  }
  checkCodes('logistic regression', codes, x.rows, classCount);
  requireFinite('logistic regression', 'features', x);
}

function startPoint(size: number, start: LogisticModel | undefined): Float64Array {
  const point = new Float64Array(size);
  if (start === undefined) return point;
  if (start.weights.length + start.intercepts.length !== size) {
    throw new ShapeError('logistic regression', {
      need: `a starting model with ${size} parameters`,
      found: `${start.weights.length + start.intercepts.length}`,
    });
  }
  point.set(start.weights);
  point.set(start.intercepts, start.weights.length);
  return point;
}

/**
 * Fits the (multinomial) logistic regression that minimises
 *
 *   `squared`: mean CE + ||W||^2 / (2 C n), the same model as C * sum CE + ||W||^2 / 2 (scikit-learn);
 *   `norm`:    mean CE + ||W|| / (2 C) (UNI; C does not depend on n).
 *
 * The intercepts carry no penalty. Both problems are convex, so the start does not change the result.
 *
 * @param x     [n, d] finite features.
 * @param codes class indices 0..classCount-1; classes without a training row get probability 0.
 * @source scikit-learn's LogisticRegression; UNI, github.com/mahmoodlab/UNI; arXiv:2304.07193 for the C grid.
 */
export function fitLogistic(
  x: Matrix,
  codes: ArrayLike<number>,
  classCount: number,
  options: LogisticOptions,
): LogisticModel {
  const { c, penalty = 'squared', outputs: form = 'auto', maxIterations = 1000, tolerance = 1e-9 } = options;
  checkTraining(x, codes, classCount, c);
  const counts = classCounts(codes, classCount);
  const present = counts.flatMap((count, k) => (count > 0 ? [k] : []));
  if (present.length === 1) return constantModel(x.cols, classCount, present, c);
  const outputs = present.length === 2 && form === 'auto' ? 1 : present.length;
  const local = Int32Array.from(codes, (code) => present.indexOf(code));
  const strength = penalty === 'squared' ? 1 / (c * x.rows) : 1 / c;
  const problem = scope(() => logisticProblem(keep(asTensor(x)), local, outputs, strength, penalty));
  try {
    const start = startPoint(problem.size, options.start);
    const held = penalty === 'norm' ? leaveZero(problem, start, counts, present, strength) : undefined;
    const found = held ?? minimize(problem.objective, start, { maxIterations, gradientTolerance: tolerance });
    return {
      inputs: x.cols,
      classCount,
      present,
      outputs,
      weights: found.point.slice(0, problem.weights),
      intercepts: found.point.slice(problem.weights),
      c,
      objective: found.value,
      iterations: found.iterations,
      stopped: found.stopped,
      collapsed: held !== undefined,
    };
  } finally {
    problem.dispose();
  }
}

/**
 * The kink of the norm penalty at W = 0. Where the loss pulls on the weights less than the penalty holds them,
 * W = 0 with the class frequencies as intercepts is the minimum and is returned. Otherwise `start` is moved off
 * the kink, along the pull, and the smooth minimisation can begin.
 */
function leaveZero(
  problem: ReturnType<typeof logisticProblem>,
  start: Float64Array,
  counts: readonly number[],
  present: readonly number[],
  strength: number,
) {
  const zero = new Float64Array(problem.size);
  const logs = present.map((k) => Math.log(counts[k]!));
  const outputs = problem.size - problem.weights;
  const centre = logs.reduce((sum, v) => sum + v, 0) / logs.length;
  zero.set(outputs === 1 ? [logs[1]! - logs[0]!] : logs.map((v) => v - centre), problem.weights);
  const { value, gradient } = problem.objective(zero);
  const pull = gradient.subarray(0, problem.weights);
  const size = Math.sqrt(pull.reduce((sum, g) => sum + g * g, 0));
  if (size <= strength / 2) return { point: zero, value, iterations: 0, stopped: 'gradient' as const };
  if (start.subarray(0, problem.weights).every((w) => w === 0)) {
    start.set(zero);
    for (let i = 0; i < problem.weights; i++) start[i] = (-1e-2 * pull[i]!) / size;
  }
  return undefined;
}

/**
 * Class probabilities [n, classCount] float64; rows sum to 1.
 *
 * @throws ShapeError when x has another number of columns than the training set.
 */
export function logisticProbabilities(model: LogisticModel, x: Matrix): Matrix<Float64Array> {
  const { inputs, classCount, present, outputs, weights, intercepts } = model;
  if (x.cols !== inputs) {
    throw new ShapeError('logistic regression', { need: `${inputs} features`, found: `${x.cols}` });
  }
  const data = new Float64Array(x.rows * classCount);
  const logits =
    outputs === 0 || x.rows === 0
      ? new Float64Array(0)
      : scope(() => toFloat64Array(matmul(asTensor(x), transpose(tensor(weights, [outputs, inputs]), 0, 1))));
  for (let i = 0; i < x.rows; i++) {
    const own = Array.from(intercepts, (b, k) => logits[i * outputs + k]! + b);
    const scores = outputs === 1 ? [0, ...own] : outputs === 0 ? [0] : own;
    const total = logSumExp(scores);
    for (const [k, score] of scores.entries()) data[i * classCount + present[k]!] = Math.exp(score - total);
  }
  return { rows: x.rows, cols: classCount, data };
}
