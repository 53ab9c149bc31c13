import {
  cat,
  copyInto,
  depthwiseConv1d,
  exp,
  narrow,
  neg,
  reshape,
  selectiveScan,
  type Tensor,
} from '../tensor/index.ts';
import { onesInit, uniformInit, valuesInit } from './init.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';

export interface MambaVisionOptions {
  /** N, size of the hidden state per channel. */
  readonly states?: number;
  /** Taps of the two depthwise convolutions. */
  readonly taps?: number;
  /** Inner width over outer width. */
  readonly expand?: number;
}

/** A depthwise convolution's weight; the parameter alone, since two of them run as one call. */
class DepthwiseConv extends Module {
  readonly weight: Tensor;
  constructor(channels: number, taps: number) {
    super();
    this.weight = this.parameter('weight', [channels, 1, taps], uniformInit(1 / Math.sqrt(taps)));
  }
}

/** `whole`, whose part `start` now holds `values`. */
function replaceStart(whole: Tensor, start: Tensor, values: Tensor): Tensor {
  copyInto(start, values);
  return whole;
}

/**
 * MambaVision's token mixer: half of the channels pass a selective scan, the other half skip it.
 *
 *   [u | z] = SiLU(conv([in_x x | in_z x]))          (not causal: pads 1 left, 2 right at 4 taps)
 *   [dt_r | B | C] = x_proj u,  dt = softplus(W_dt dt_r + b + b),  A = -exp(A_log)
 *   h_t = exp(dt_t A) h_{t-1} + dt_t B_t u_t,  y_t = C_t h_t + D u_t
 *   out = out_proj [y | z]
 *
 * The bias of dt_proj enters twice (once in the projection, once in the scan), as in the published code.
 *
 * @source MambaVision, arXiv:2407.08083; the selective scan of Mamba, arXiv:2312.00752.
 */
export class MambaVisionMixer extends Module {
  readonly states: number;
  readonly half: number;
  readonly rank: number;
  readonly padLeft: number;
  readonly inProj: Linear;
  readonly xProj: Linear;
  readonly dtProj: Linear;
  readonly outProj: Linear;
  readonly aLog: Tensor;
  readonly skip: Tensor;
  readonly convX: DepthwiseConv;
  readonly convZ: DepthwiseConv;

  constructor(width: number, { states = 16, taps = 4, expand = 2 }: MambaVisionOptions = {}) {
    super();
    const inner = width * expand;
    this.states = states;
    this.half = inner / 2;
    this.rank = Math.ceil(width / 16);
    this.padLeft = Math.floor((taps - 1) / 2);
    this.aLog = this.parameter(
      'A_log',
      [this.half, states],
      valuesInit((i) => Math.log((i % states) + 1)),
    );
    this.skip = this.parameter('D', [this.half], onesInit);
    this.inProj = this.child('in_proj', new Linear(width, inner, { bias: false }));
    this.xProj = this.child('x_proj', new Linear(this.half, this.rank + 2 * states, { bias: false }));
    // The published initialisation overwrites Mamba's own for dt_proj, so it starts like every other Linear.
    this.dtProj = this.child('dt_proj', new Linear(this.rank, this.half));
    this.outProj = this.child('out_proj', new Linear(inner, width, { bias: false }));
    this.convX = this.child('conv1d_x', new DepthwiseConv(this.half, taps));
    this.convZ = this.child('conv1d_z', new DepthwiseConv(this.half, taps));
  }

  /** @param x [B, L, width] @returns the same shape */
  forward(x: Tensor): Tensor {
    const { half, rank, states } = this;
    const filters = reshape(cat([this.convX.weight, this.convZ.weight]), [2 * half, -1]);
    const uz = depthwiseConv1d(this.inProj.forward(x), filters, { padLeft: this.padLeft, silu: true });
    const u = narrow(uz, 2, 0, half);
    const z = narrow(uz, 2, half, half);
    const projected = this.xProj.forward(u); // [B, L, rank + 2 * states]
    const y = selectiveScan(
      u,
      this.dtProj.forward(narrow(projected, 2, 0, rank)),
      neg(exp(this.aLog)),
      narrow(projected, 2, rank, states),
      narrow(projected, 2, rank + states, states),
      { D: this.skip, deltaBias: this.dtProj.bias, deltaSoftplus: true },
    );
    // Without gradients y takes the place of u, next to z, so that z need not be copied.
    const joined = y.requiresGrad || z.requiresGrad ? cat([y, z], { dim: 2 }) : replaceStart(uz, u, y);
    return this.outProj.forward(joined);
  }
}
