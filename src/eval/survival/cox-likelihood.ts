/** Cox's partial likelihood with its first two derivatives. */
import { type Matrix, matrixRow } from '../../core/matrix.ts';
import { type SurvivalTimes, timePoints } from './survival-times.ts';

/** Treatment of events at one time: `breslow`: all against the full risk set; `efron`: averaged orders. */
export type Ties = 'breslow' | 'efron';

export interface PartialLikelihood {
  readonly value: number;
  /** Length p. */
  readonly gradient: Float64Array;
  /** Minus the second derivative, [p, p] row-major. */
  readonly information: Float64Array;
}

/** x b of every row. */
export function linearPredictor(x: Matrix, coefficients: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: x.rows }, (_, r) => {
    const row = matrixRow(x, r);
    let sum = 0;
    for (let c = 0; c < row.length; c++) sum += row[c]! * coefficients[c]!;
    return sum;
  });
}

/** Sums of e^{eta}, e^{eta} x and e^{eta} x x^T over a set of patients. */
class RiskSums {
  zero = 0;
  readonly one: Float64Array;
  readonly two: Float64Array;

  constructor(p: number) {
    this.one = new Float64Array(p);
    this.two = new Float64Array(p * p);
  }

  add(row: ArrayLike<number>, weight: number): void {
    const p = this.one.length;
    this.zero += weight;
    for (let a = 0; a < p; a++) {
      const scaled = weight * row[a]!;
      this.one[a]! += scaled;
      for (let b = 0; b <= a; b++) this.two[a * p + b]! += scaled * row[b]!;
    }
  }
}

/** Adds the terms of one event time; `tied` are the sums over its events. */
function addEventTime(
  out: { value: number; gradient: Float64Array; information: Float64Array },
  risk: RiskSums,
  tied: RiskSums,
  count: number,
  ties: Ties,
): void {
  const p = risk.one.length;
  const mean = new Float64Array(p);
  for (let l = 0; l < count; l++) {
    const share = ties === 'efron' ? l / count : 0;
    const total = risk.zero - share * tied.zero;
    out.value -= Math.log(total);
    for (let a = 0; a < p; a++) {
      mean[a] = (risk.one[a]! - share * tied.one[a]!) / total;
      out.gradient[a]! -= mean[a]!;
      for (let b = 0; b <= a; b++) {
        const second = (risk.two[a * p + b]! - share * tied.two[a * p + b]!) / total;
        out.information[a * p + b]! += second - mean[a]! * mean[b]!;
      }
    }
  }
}

/**
 * Log partial likelihood at the given coefficients:
 *   Breslow: sum over events of x b - log sum_R e^{x b};  Efron: the tied sum enters with weights 0, 1/d, 2/d, ...
 *
 * @param x [n, p].
 */
export function partialLikelihood(
  x: Matrix,
  survival: SurvivalTimes,
  coefficients: Float64Array,
  ties: Ties,
): PartialLikelihood {
  const p = x.cols;
  const eta = linearPredictor(x, coefficients);
  // One factor for all weights cancels in every ratio; it keeps the exponentials finite.
  const shift = eta.reduce((most, v) => Math.max(most, v), Number.NEGATIVE_INFINITY);
  const out = { value: 0, gradient: new Float64Array(p), information: new Float64Array(p * p) };
  const risk = new RiskSums(p);
  for (const { patients, events } of timePoints(survival).reverse()) {
    for (const i of patients) risk.add(matrixRow(x, i), Math.exp(eta[i]! - shift));
    if (events.length === 0) continue;
    const tied = new RiskSums(p);
    for (const i of events) {
      const row = matrixRow(x, i);
      if (ties === 'efron') tied.add(row, Math.exp(eta[i]! - shift));
      out.value += eta[i]! - shift;
      for (let a = 0; a < p; a++) out.gradient[a]! += row[a]!;
    }
    addEventTime(out, risk, tied, events.length, ties);
  }
  for (let a = 0; a < p; a++) {
    for (let b = a + 1; b < p; b++) out.information[a * p + b] = out.information[b * p + a]!;
  }
  return out;
}
