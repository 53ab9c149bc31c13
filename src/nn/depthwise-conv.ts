import { depthwiseConv1d, reshape, type Tensor } from '../tensor/index.ts';
import { uniformInit } from './init.ts';
import { Module } from './module.ts';

/** A depthwise convolution along the tokens, with bias, followed by SiLU; begins as PyTorch's. */
export class DepthwiseConv extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;

  constructor(channels: number, taps: number) {
    super();
    const bound = 1 / Math.sqrt(taps);
    this.weight = this.parameter('weight', [channels, 1, taps], uniformInit(bound));
    this.bias = this.parameter('bias', [channels], uniformInit(bound));
  }

  /**
   * @param x [B, L, channels]
   * @param padLeft zeros before the first token; taps - 1 - padLeft follow the last one.
   */
  forward(x: Tensor, padLeft: number): Tensor {
    const filters = reshape(this.weight, [this.weight.size(0), this.weight.size(2)]);
    return depthwiseConv1d(x, filters, { bias: this.bias, padLeft, silu: true });
  }
}
