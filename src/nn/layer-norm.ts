import { layerNorm, type Tensor } from '../tensor/index.ts';
import { onesInit, zerosInit } from './init.ts';
import { Module } from './module.ts';

/** Layer normalisation over the last axis, with scale and shift. */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly eps: number;

  /** @param eps added to the variance; 1e-5 in MV_Hybrid, 1e-6 in DINOv2's ViT. */
  constructor(width: number, eps: number) {
    super();
    this.weight = this.parameter('weight', [width], onesInit);
    this.bias = this.parameter('bias', [width], zerosInit);
    this.eps = eps;
  }

  /** @param x [..., width] */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }
}
