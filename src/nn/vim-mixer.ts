import {
  add,
  exp,
  flip,
  linear,
  mul,
  mulScalar,
  narrow,
  neg,
  selectiveScan,
  silu,
  type Tensor,
} from '../tensor/index.ts';
import { DepthwiseConv } from './depthwise-conv.ts';
import { type Initializer, onesInit, uniformInit, valuesInit, zerosInit } from './init.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { timeStepBiasInit } from './time-step-init.ts';

export interface VimOptions {
  /** N, size of the hidden state per channel. */
  readonly states?: number;
  /** Taps of the causal convolutions. */
  readonly taps?: number;
  /** Inner width over outer width. */
  readonly expand?: number;
  /** Halves the sum of the two directions; otherwise they are just added. */
  readonly divideOut?: boolean;
  /** Layers of the whole model; the output projection starts smaller by its square root. */
  readonly layers?: number;
}

/** From the rank-R code to one time step per channel, before softplus. */
class TimeStepProjection extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  constructor(rank: number, channels: number, biasInit: Initializer) {
    super();
    this.weight = this.parameter('weight', [channels, rank], uniformInit(rank ** -0.5));
    this.bias = this.parameter('bias', [channels], biasInit);
  }
}

/** The parameters of one direction. */
interface Direction {
  readonly aLog: Tensor;
  readonly skip: Tensor;
  readonly conv: DepthwiseConv;
  readonly xProj: Linear;
  readonly dtProj: TimeStepProjection;
}

/**
 * Vim's token mixer (its second version): a selective scan in each direction over the same projection, gated.
 *
 *   [u | z] = in_proj x
 *   per direction, the other one on the reversed sequence:
 *     v = SiLU(causal conv(u)),  [dt_r | B | C] = x_proj v,  dt = softplus(W_dt dt_r + b),  A = -exp(A_log)
 *     h_t = exp(dt_t A) h_{t-1} + dt_t B_t v_t,  y_t = C_t h_t + D v_t
 *   out = out_proj( (y_forward + y_backward) / 2 * SiLU(z) )
 *
 * @source Vision Mamba, arXiv:2401.09417; parameter names as published.
 */
export class VimMixer extends Module {
  readonly inner: number;
  readonly states: number;
  readonly rank: number;
  readonly taps: number;
  readonly divideOut: boolean;
  readonly inProj: Linear;
  readonly outProj: Linear;
  readonly directions: readonly [Direction, Direction];

  constructor(
    width: number,
    { states = 16, taps = 4, expand = 2, divideOut = true, layers = 1 }: VimOptions = {},
  ) {
    super();
    const inner = width * expand;
    this.inner = inner;
    this.states = states;
    this.rank = Math.ceil(width / 16);
    this.taps = taps;
    this.divideOut = divideOut;
    const forward = this.#transition('A_log', 'D');
    const backward = this.#transition('A_b_log', 'D_b');
    const weightInit = uniformInit(1 / Math.sqrt(width));
    this.inProj = this.child('in_proj', new Linear(width, 2 * inner, { bias: false, weightInit }));
    this.directions = [
      { ...forward, ...this.#layers('', timeStepBiasInit) },
      { ...backward, ...this.#layers('_b', zerosInit) },
    ];
    const outBound = 1 / Math.sqrt(inner * layers);
    this.outProj = this.child(
      'out_proj',
      new Linear(inner, width, { bias: false, weightInit: uniformInit(outBound) }),
    );
  }

  #transition(aName: string, skipName: string): Pick<Direction, 'aLog' | 'skip'> {
    const { inner, states } = this;
    const logOfState = valuesInit((i) => Math.log((i % states) + 1));
    return {
      aLog: this.parameter(aName, [inner, states], logOfState),
      skip: this.parameter(skipName, [inner], onesInit),
    };
  }

  #layers(suffix: string, biasInit: Initializer): Pick<Direction, 'conv' | 'xProj' | 'dtProj'> {
    const { inner, states, rank, taps } = this;
    const weightInit = uniformInit(1 / Math.sqrt(inner));
    return {
      conv: this.child(`conv1d${suffix}`, new DepthwiseConv(inner, taps)),
      xProj: this.child(`x_proj${suffix}`, new Linear(inner, rank + 2 * states, { bias: false, weightInit })),
      dtProj: this.child(`dt_proj${suffix}`, new TimeStepProjection(rank, inner, biasInit)),
    };
  }

  /** One direction over u [B, L, inner], first token first. */
  #scan(u: Tensor, { aLog, skip, conv, xProj, dtProj }: Direction): Tensor {
    const { rank, states } = this;
    const v = conv.forward(u, this.taps - 1);
    const projected = xProj.forward(v); // [B, L, rank + 2 * states]
    return selectiveScan(
      v,
      linear(narrow(projected, 2, 0, rank), dtProj.weight),
      neg(exp(aLog)),
      narrow(projected, 2, rank, states),
      narrow(projected, 2, rank + states, states),
      { D: skip, deltaBias: dtProj.bias, deltaSoftplus: true },
    );
  }

  /** @param x [B, L, width] @returns the same shape */
  forward(x: Tensor): Tensor {
    const uz = this.inProj.forward(x);
    const u = narrow(uz, 2, 0, this.inner);
    const z = narrow(uz, 2, this.inner, this.inner);
    const [ahead, back] = this.directions;
    // The gate belongs to the token, so both directions share it.
    const both = add(this.#scan(u, ahead), flip(this.#scan(flip(u, [1]), back), [1]));
    const gated = mul(both, silu(z));
    return this.outProj.forward(this.divideOut ? mulScalar(gated, 0.5) : gated);
  }
}
