import { addScalar, mean, mul, rsqrt, square, type Tensor } from '../tensor/index.ts';
import { onesInit } from './init.ts';
import { Module } from './module.ts';

/**
 * Root-mean-square normalisation over the last axis: x / sqrt(mean(x^2) + eps) * weight. No mean is subtracted.
 *
 * @source arXiv:1910.07467.
 */
export class RmsNorm extends Module {
  readonly weight: Tensor;
  readonly eps: number;

  constructor(width: number, eps = 1e-5) {
    super();
    this.weight = this.parameter('weight', [width], onesInit);
    this.eps = eps;
  }

  /** @param x [..., width] */
  forward(x: Tensor): Tensor {
    const scale = rsqrt(addScalar(mean(square(x), [-1], { keepdim: true }), this.eps));
    return mul(mul(x, scale), this.weight);
  }
}
