/** Step length along a descent direction. */

/** Value and slope of the function along the line, and whatever the caller needs of the accepted point. */
export interface LinePoint<P> {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
  readonly payload: P;
}

/** Sufficient decrease and curvature constants of the strong Wolfe conditions. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const MOST_TRIALS = 40;
/** Rounding noise of a value near the minimum, relative to it: below it, decreases cannot be told apart. */
const NOISE = 4 * Number.EPSILON;

/** Minimum of the cubic through two points with slopes, kept inside the interval by a tenth of its width. */
function cubicStep(a: LinePoint<unknown>, b: LinePoint<unknown>): number {
  const width = b.step - a.step;
  const bend = a.slope + b.slope - (3 * (b.value - a.value)) / width;
  const inside = bend * bend - a.slope * b.slope;
  const root = Math.sqrt(Math.max(0, inside)) * Math.sign(width);
  const cubic = b.step - (width * (b.slope + root - bend)) / (b.slope - a.slope + 2 * root);
  const low = Math.min(a.step, b.step) + 0.1 * Math.abs(width);
  const high = Math.max(a.step, b.step) - 0.1 * Math.abs(width);
  if (!Number.isFinite(cubic) || inside < 0) return (low + high) / 2;
  return Math.min(high, Math.max(low, cubic));
}

/**
 * A step that satisfies the strong Wolfe conditions, or the best decrease found; undefined when no trial lies
 * below the start, which happens where rounding hides all further progress.
 *
 * @param along     the function on the line; `along(0)` is `start`.
 * @param firstStep tried first.
 * @source Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6.
 */
export function strongWolfe<P>(
  along: (step: number) => LinePoint<P>,
  start: LinePoint<P>,
  firstStep: number,
): LinePoint<P> | undefined {
  const slack = NOISE * Math.max(1, Math.abs(start.value));
  const tooHigh = (p: LinePoint<P>) =>
    !(p.value <= start.value + DECREASE * p.step * start.slope + slack) || !Number.isFinite(p.slope);
  const flat = (p: LinePoint<P>) => Math.abs(p.slope) <= -CURVATURE * start.slope;
  let low = start;
  let high: LinePoint<P> | undefined;
  let trial = along(firstStep);
  for (let trials = 1; trials < MOST_TRIALS; trials++) {
    if (tooHigh(trial) || (low !== start && trial.value >= low.value + slack)) high = trial;
    else {
      if (flat(trial)) return trial;
      if (high === undefined ? trial.slope >= 0 : trial.slope * (high.step - low.step) >= 0) high = low;
      low = trial;
    }
    const next = high === undefined ? 2.5 * trial.step : cubicStep(low, high);
    if (next === trial.step || next === low.step) break;
    trial = along(next);
  }
  return low !== start && low.value < start.value ? low : undefined;
}
