import { ShapeError } from '../errors.ts';
import {
  add,
  exp,
  expand,
  eye,
  linear,
  mul,
  narrow,
  neg,
  permute,
  reshape,
  select,
  silu,
  softplus,
  type Tensor,
  unsqueeze,
} from '../tensor/index.ts';
import { DepthwiseConv } from './depthwise-conv.ts';
import { onesInit, uniformInit, zerosInit } from './init.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { chunksOf, type QuasiSeparable, quasiSeparableProduct } from './quasi-separable.ts';
import { RmsNorm } from './rms-norm.ts';
import { timeStepBiasInit } from './time-step-init.ts';

export interface HydraOptions {
  /** n, size of the hidden state. */
  readonly states?: number;
  /** Taps of the symmetric convolution; odd. */
  readonly taps?: number;
  /** Inner width over outer width. */
  readonly expand?: number;
  /** p, channels per head. */
  readonly headWidth?: number;
  /** Sets of keys and queries, each shared by heads / groups heads. */
  readonly groups?: number;
}

/** What one call computes before the tokens mix. */
interface Projected {
  readonly z: Tensor;
  readonly mix: QuasiSeparable;
  /** fc_D x + D: [B, L, heads]. */
  readonly diagonal: Tensor;
}

/** Most tokens whose part of the matrix is formed; docs/models.md has the measurement. */
const CHUNK = 48;

/** How a sequence is cut. */
export function hydraChunks(length: number): { readonly chunks: number; readonly chunk: number } {
  return chunksOf(length, CHUNK);
}

/**
 * Hydra's token mixer: a quasi-separable matrix per head, so that every token reads what lies before and after it.
 *
 *   [z | x B_f C_f B_b C_b | dt] = in_proj input;  the middle part passes a symmetric conv and SiLU
 *   dt = softplus(dt + dt_bias),  A = -exp(A_log), one per head, both shared by the directions
 *   y = M x + (fc_D x + D) x,  M as in quasiSeparableProduct
 *   out = out_proj( RMSNorm(y) * SiLU(z) )
 *
 * @source Hydra, arXiv:2407.09941; parameter names as published.
 */
export class HydraMixer extends Module {
  readonly inner: number;
  readonly states: number;
  readonly taps: number;
  readonly headWidth: number;
  readonly heads: number;
  readonly groups: number;
  readonly dtBias: Tensor;
  readonly aLog: Tensor;
  readonly skip: Tensor;
  readonly inProj: Linear;
  readonly conv: DepthwiseConv;
  readonly fcD: Linear;
  readonly norm: RmsNorm;
  readonly outProj: Linear;

  constructor(
    width: number,
    { states = 64, taps = 7, expand = 2, headWidth = 64, groups = 1 }: HydraOptions = {},
  ) {
    super();
    const inner = width * expand;
    const heads = inner / headWidth;
    if (!Number.isInteger(heads) || heads % groups !== 0 || taps % 2 === 0) {
      throw new ShapeError('Hydra', {
        need: 'an inner width of whole heads, heads in equal groups, an odd number of taps',
        found: `inner width ${inner}, heads of ${headWidth}, ${groups} groups, ${taps} taps`,
      });
    }
    this.inner = inner;
    this.states = states;
    this.taps = taps;
    this.headWidth = headWidth;
    this.heads = heads;
    this.groups = groups;
    this.dtBias = this.parameter('dt_bias', [heads], timeStepBiasInit);
    this.aLog = this.parameter('A_log', [heads], zerosInit);
    this.skip = this.parameter('D', [heads], onesInit);
    const plain = (inputs: number, outputs: number): Linear =>
      new Linear(inputs, outputs, { bias: false, weightInit: uniformInit(1 / Math.sqrt(inputs)) });
    const mixed = this.#mixedChannels;
    this.inProj = this.child('in_proj', plain(width, inner + mixed + 2 * heads));
    this.conv = this.child('conv1d', new DepthwiseConv(mixed, taps));
    this.fcD = this.child('fc_D', plain(inner, heads));
    this.norm = this.child('norm', new RmsNorm(inner));
    this.outProj = this.child('out_proj', plain(inner, width));
  }

  /** Channels of [x | B_f | C_f | B_b | C_b]. */
  get #mixedChannels(): number {
    return this.inner + 4 * this.groups * this.states;
  }

  /** Everything that the matrix and the output need, from [B, L, width]. */
  #project(input: Tensor): Projected {
    const { inner, heads, headWidth, groups, states } = this;
    const [batch, length] = input.shape as [number, number];
    const channels = this.#mixedChannels;
    const projected = this.inProj.forward(input);
    const mixed = this.conv.forward(narrow(projected, 2, inner, channels), (this.taps - 1) / 2);
    const raw = reshape(narrow(projected, 2, inner + channels, 2 * heads), [batch, length, 2, heads]);
    const x = narrow(mixed, 2, 0, inner);
    const pairs = reshape(narrow(mixed, 2, inner, channels - inner), [batch, length, 2, 2, groups, states]);
    return {
      z: narrow(projected, 2, 0, inner),
      mix: {
        values: reshape(x, [batch, length, heads, headWidth]),
        steps: softplus(add(raw, this.dtBias)),
        rate: neg(exp(this.aLog)),
        keys: select(pairs, 3, 0),
        queries: select(pairs, 3, 1),
      },
      diagonal: add(linear(x, this.fcD.weight), this.skip),
    };
  }

  /** @param input [B, L, width] @returns the same shape */
  forward(input: Tensor): Tensor {
    const { z, mix, diagonal } = this.#project(input);
    const own = mul(mix.values, unsqueeze(diagonal, 3));
    const y = reshape(add(quasiSeparableProduct(mix, CHUNK), own), z.shape);
    return this.outProj.forward(mul(this.norm.forward(y), silu(z)));
  }

  /**
   * How strongly each token reads each other one, before norm and gate.
   *
   * @param input [B, L, width]
   * @returns [B, heads, L, L]: row i holds what token i takes from token j.
   */
  matrix(input: Tensor): Tensor {
    const { mix, diagonal } = this.#project(input);
    const [batch, length] = input.shape as [number, number];
    const unit = eye(length, { dtype: 'float32', device: input.device });
    const values = expand(reshape(unit, [1, length, 1, length]), [batch, length, this.heads, length]);
    const off = quasiSeparableProduct({ ...mix, values }, CHUNK); // [B, i, heads, j]
    return permute(add(off, mul(values, unsqueeze(diagonal, 3))), [0, 2, 1, 3]);
  }
}
