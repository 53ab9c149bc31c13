/**
 * The linear system that a selective state-space layer becomes when its step Delta is frozen: one real, negative
 * pole per channel and state. A real layer chooses Delta, B and C from its input at every token, so this shows its
 * leaning, not its output.
 */
import { DataError, ShapeError } from '../../errors.ts';
import { divide } from './transfer-function.ts';

/** A parameter outside the compute engine. */
export interface StoredArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What the poles of one layer depend on. */
export interface StateSpaceLayer {
  /** Parameter prefix, e.g. `blocks.blocks.0.mixer`. */
  readonly name: string;
  readonly channels: number;
  readonly states: number;
  /** log(-A), [channels, states] row-major. */
  readonly aLog: ArrayLike<number>;
  /** Bias of the projection to Delta, [channels]. */
  readonly stepBias: ArrayLike<number>;
  /** Skip D, [channels]. */
  readonly skip: ArrayLike<number>;
}

function need(parameters: ReadonlyMap<string, StoredArray>, name: string, length: number): ArrayLike<number> {
  const found = parameters.get(name);
  if (found?.data.length === length) return found.data;
  throw new DataError('state-space layers', {
    need: `${name} with ${length} values`,
    found: found === undefined ? 'no such parameter' : `${found.data.length} values`,
  });
}

/**
 * Finds the state-space layers among a backbone's parameters, in their order: every `<name>.A_log` with
 * `<name>.dt_proj.bias` and `<name>.D` beside it. Empty for a backbone without any.
 *
 * @throws DataError when a companion is missing or of another size; ShapeError when A_log is not a table.
 */
export function stateSpaceLayers(parameters: ReadonlyMap<string, StoredArray>): StateSpaceLayer[] {
  const suffix = '.A_log';
  return [...parameters].flatMap(([key, { shape, data }]) => {
    if (!key.endsWith(suffix)) return [];
    const [channels, states] = shape;
    if (shape.length !== 2 || channels === undefined || states === undefined) {
      throw new ShapeError('state-space layers', {
        need: `${key} of shape [channels, states]`,
        found: `[${shape.join(', ')}]`,
      });
    }
    const name = key.slice(0, -suffix.length);
    const stepBias = need(parameters, `${name}.dt_proj.bias`, channels);
    const skip = need(parameters, `${name}.D`, channels);
    return [{ name, channels, states, aLog: data, stepBias, skip }];
  });
}

/** log(1 + e^z) without overflow. */
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/**
 * Delta of every channel: softplus(projected + bias + bias). The bias enters twice, as in the published code.
 *
 * @param projected dt_proj's product without bias, e.g. its mean over tokens; default 0, the layer's own leaning.
 */
export function frozenStep(
  { channels, stepBias }: StateSpaceLayer,
  projected?: ArrayLike<number>,
): Float64Array {
  if (projected !== undefined && projected.length !== channels) {
    throw new ShapeError('frozen step', {
      need: `${channels} values, one per channel`,
      found: `${projected.length}`,
    });
  }
  return Float64Array.from({ length: channels }, (_, c) =>
    softplus((projected?.[c] ?? 0) + 2 * stepBias[c]!),
  );
}

/** Poles of one layer at a frozen step, [channels, states] row-major each. */
export interface EffectivePoles {
  /** A = -e^{A_log}: real and below 0, per unit of Delta. */
  readonly continuous: Float64Array;
  /** e^{Delta A}, in (0, 1): what is left of a state after one token. */
  readonly discrete: Float64Array;
  /** Tokens until a state has fallen to 1/e: 1 / (Delta |A|). */
  readonly memoryTokens: Float64Array;
  /**
   * Frequency in cycles per token at which a state's response has fallen to half its power; NaN for a state that
   * forgets so fast that it never does (pole below 3 - sqrt 8 = 0.17).
   */
  readonly halfPower: Float64Array;
}

/**
 * From |1 - p e^{-i theta}|^2 = 2 (1 - p)^2, in half angles: sin(pi f) = (1 - p) / (2 sqrt p). Takes 1 - p, which
 * slow states (p near 1) would lose digits of.
 */
function halfPowerFrequency(rest: number): number {
  const sine = rest / (2 * Math.sqrt(1 - rest));
  return sine <= 1 ? Math.asin(sine) / Math.PI : Number.NaN;
}

/**
 * Poles at given steps.
 *
 * @param step Delta per channel, from {@link frozenStep} or measured.
 */
export function effectivePoles(
  { channels, states, aLog }: StateSpaceLayer,
  step: ArrayLike<number>,
): EffectivePoles {
  if (step.length !== channels || aLog.length !== channels * states) {
    throw new ShapeError('effective poles', {
      need: `${channels} steps and ${channels * states} values of A_log`,
      found: `${step.length} and ${aLog.length}`,
    });
  }
  const continuous = Float64Array.from(Array.from(aLog), (v) => -Math.exp(v));
  const decay = continuous.map((a, i) => a * step[Math.floor(i / states)]!);
  const discrete = decay.map((d) => Math.exp(d));
  return {
    continuous,
    discrete,
    memoryTokens: decay.map((d) => -1 / d),
    halfPower: decay.map((d) => halfPowerFrequency(-Math.expm1(d))),
  };
}

/**
 * Amplitude response of one channel at frozen Delta, B and C:
 *   H = sum_n C_n Delta B_n / (1 - p_n e^{-i theta}) + D.
 *
 * @param theta radians per token.
 * @param b,c   [states], e.g. means over tokens.
 */
export function channelResponse(
  layer: StateSpaceLayer,
  channel: number,
  { step, b, c }: { step: number; b: ArrayLike<number>; c: ArrayLike<number> },
  theta: number,
): number {
  const { states, channels, aLog, skip } = layer;
  if (
    !(Number.isInteger(channel) && channel >= 0 && channel < channels) ||
    b.length !== states ||
    c.length !== states
  ) {
    throw new ShapeError('channel response', {
      need: `a channel below ${channels} and ${states} values of B and C`,
      found: `${channel}, ${b.length} and ${c.length}`,
    });
  }
  let [re, im] = [skip[channel]!, 0];
  for (let n = 0; n < states; n++) {
    const p = Math.exp(-step * Math.exp(aLog[channel * states + n]!));
    const term = divide(c[n]! * step * b[n]!, 0, 1 - p * Math.cos(theta), p * Math.sin(theta));
    re += term.re;
    im += term.im;
  }
  return Math.hypot(re, im);
}
