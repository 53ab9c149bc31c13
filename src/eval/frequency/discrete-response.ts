/** Diagonal systems after discretisation: one step per token. */
import { UsageError } from '../../errors.ts';
import { type Complex, checkSystem, type DiagonalSystem, divide } from './transfer-function.ts';

/**
 * Input weight of the discrete system: `zoh` (exp(dt a) - 1) / a, exact for an input held constant over a step;
 * `euler` dt, as Mamba's layers compute it.
 */
export type InputRule = 'zoh' | 'euler';

export interface Discretisation {
  /** Step, in the time unit of the poles. */
  readonly step: number;
  readonly input: InputRule;
  /**
   * Whether the output at a token sees the state before (`before`, the textbook form) or after (`after`, Mamba)
   * this token's input has entered. Changes the phase, and with a direct path also the amplitude.
   */
  readonly output: 'before' | 'after';
}

/** exp(dt a) and the input weight for one pole. */
function discretise(
  re: number,
  im: number,
  step: number,
  input: InputRule,
): { pole: Complex; weight: Complex } {
  const size = Math.exp(step * re);
  const pole = { re: size * Math.cos(step * im), im: size * Math.sin(step * im) };
  if (input === 'euler') return { pole, weight: { re: step, im: 0 } };
  // exp(z) - 1 without cancellation for small z: expm1 of the modulus, and half-angle for 1 - cos.
  const real = Math.expm1(step * re) - 2 * size * Math.sin((step * im) / 2) ** 2;
  return { pole, weight: divide(real, pole.im, re, im) };
}

/**
 * Response H(e^{i theta}) of the discretised system, theta in radians per token, pi the highest frequency:
 *   sum_j r_j w_j / (e^{i theta} - p_j) + d   (`before`), the same times e^{i theta} without d (`after`).
 *
 * @throws UsageError for a step that is not positive or an unstable pole.
 */
export function discreteResponse(system: DiagonalSystem, theta: number, rule: Discretisation): Complex {
  checkSystem(system);
  const { step, input, output } = rule;
  if (!(step > 0)) throw new UsageError('discrete response', { need: 'a positive step', found: `${step}` });
  const [cos, sin] = [Math.cos(theta), Math.sin(theta)];
  let [re, im] = [0, 0];
  for (let j = 0; j < system.poleRe.length; j++) {
    const { pole, weight } = discretise(system.poleRe[j]!, system.poleIm[j]!, step, input);
    const [a, b] = [system.residueRe[j]!, system.residueIm?.[j] ?? 0];
    const term = divide(
      a * weight.re - b * weight.im,
      a * weight.im + b * weight.re,
      cos - pole.re,
      sin - pole.im,
    );
    re += term.re;
    im += term.im;
  }
  const direct = system.direct ?? 0;
  if (output === 'before') return { re: re + direct, im };
  return { re: re * cos - im * sin + direct, im: re * sin + im * cos };
}

/** |H| at each frequency and its logarithm relative to the first one. */
export function responseCurve(
  system: DiagonalSystem,
  thetas: ArrayLike<number>,
  rule: Discretisation,
): { amplitude: Float64Array; relativeLog: Float64Array } {
  const amplitude = Float64Array.from(Array.from(thetas), (theta) => {
    const { re, im } = discreteResponse(system, theta, rule);
    return Math.hypot(re, im);
  });
  return { amplitude, relativeLog: amplitude.map((a) => Math.log(a / amplitude[0]!)) };
}
