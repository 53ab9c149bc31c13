/** Minimum of a smooth function of many variables by limited-memory BFGS. */
import { UsageError } from '../../errors.ts';
import { type LinePoint, strongWolfe } from './wolfe-search.ts';

/** A function's value and gradient at a point. The gradient array is not written to afterwards. */
export type Objective = (point: Float64Array) => {
  readonly value: number;
  readonly gradient: Float64Array;
};

export interface LbfgsOptions {
  /** Stops when no component of the gradient is larger; default 1e-9. */
  readonly gradientTolerance?: number;
  /** Default 1000. */
  readonly maxIterations?: number;
  /** Pairs of steps kept for the curvature; default 10. */
  readonly memory?: number;
}

/**
 * Why it ended. `gradient`: the tolerance was met. `precision`: float64 shows no further decrease.
 * `iterations`: the limit was reached, so the point is not a minimum yet.
 */
export type LbfgsStop = 'gradient' | 'precision' | 'iterations';

export interface LbfgsResult {
  readonly point: Float64Array;
  readonly value: number;
  /** Largest magnitude in the gradient at `point`. */
  readonly gradientMax: number;
  readonly iterations: number;
  /** Calls of the objective. */
  readonly evaluations: number;
  readonly stopped: LbfgsStop;
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly product: number;
}

interface State {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(a: Float64Array, b: Float64Array, factor: number): Float64Array {
  return a.map((value, i) => value + factor * b[i]!);
}

const largest = (a: Float64Array) => a.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** -H g by the two-loop recursion; without pairs, the steepest descent. */
function direction(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  let q: Float64Array = Float64Array.from(gradient);
  const weights: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { step, change, product } = pairs[i]!;
    weights[i] = dot(step, q) / product;
    q = addScaled(q, change, -weights[i]!);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.product / dot(last.change, last.change);
    q = q.map((value) => value * scale);
  }
  for (const [i, { step, change, product }] of pairs.entries()) {
    q = addScaled(q, step, weights[i]! - dot(change, q) / product);
  }
  return q.map((value) => -value);
}

/**
 * Minimises `objective` from `start`.
 *
 * @throws UsageError when the value or gradient at `start` is not finite.
 * @source Liu and Nocedal 1989; line search with strong Wolfe conditions ({@link strongWolfe}).
 */
export function minimize(
  objective: Objective,
  start: Float64Array,
  { gradientTolerance = 1e-9, maxIterations = 1000, memory = 10 }: LbfgsOptions = {},
): LbfgsResult {
  let evaluations = 0;
  const evaluate = (point: Float64Array) => {
    evaluations++;
    const { value, gradient } = objective(point);
    return { value, state: { point, gradient } };
  };
  let { value, state } = evaluate(start);
  if (!Number.isFinite(value) || !state.gradient.every(Number.isFinite)) {
    throw new UsageError('minimisation', {
      need: 'a finite value and gradient at the start',
      found: `value ${value}`,
    });
  }
  let pairs: Pair[] = [];
  let stopped: LbfgsStop = 'iterations';
  let iterations = 0;
  while (iterations < maxIterations) {
    if (largest(state.gradient) <= gradientTolerance) {
      stopped = 'gradient';
      break;
    }
    const next = advance(evaluate, { value, state }, pairs);
    if (next === undefined && pairs.length === 0) {
      stopped = 'precision';
      break;
    }
    if (next === undefined) {
      pairs = []; // The curvature may mislead: once more along the steepest descent.
      continue;
    }
    iterations++;
    pairs = remember(pairs, state, next.payload, memory);
    value = next.value;
    state = next.payload;
  }
  if (largest(state.gradient) <= gradientTolerance) stopped = 'gradient';
  return {
    point: state.point,
    value,
    gradientMax: largest(state.gradient),
    iterations,
    evaluations,
    stopped,
  };
}

/** One line search from `from`; undefined when nothing lower was found. */
function advance(
  evaluate: (point: Float64Array) => { value: number; state: State },
  from: { value: number; state: State },
  pairs: readonly Pair[],
): LinePoint<State> | undefined {
  const { point, gradient } = from.state;
  const towards = direction(gradient, pairs);
  const slope = dot(gradient, towards);
  if (!(slope < 0)) return undefined;
  const along = (step: number): LinePoint<State> => {
    const { value, state } = evaluate(addScaled(point, towards, step));
    return { step, value, slope: dot(state.gradient, towards), payload: state };
  };
  const start = { step: 0, value: from.value, slope, payload: from.state };
  const firstStep = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
  return strongWolfe(along, start, firstStep);
}

/** Appends the latest pair; one without positive curvature would spoil the inverse Hessian and is left out. */
function remember(pairs: readonly Pair[], from: State, to: State, memory: number): Pair[] {
  const step = addScaled(to.point, from.point, -1);
  const change = addScaled(to.gradient, from.gradient, -1);
  const product = dot(step, change);
  if (!(product > Number.EPSILON * dot(change, change))) return [...pairs];
  return [...pairs, { step, change, product }].slice(-memory);
}
