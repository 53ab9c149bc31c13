import { mul, type Tensor } from '../tensor/index.ts';
import { type Initializer, valuesInit } from './init.ts';
import { Module } from './module.ts';

/** Initial value of every channel's scale. */
export function layerScaleInit(value: number): Initializer {
  return valuesInit(() => value);
}

/** One learned factor per channel on a residual branch. */
export class LayerScale extends Module {
  readonly gamma: Tensor;

  constructor(width: number, initial: number) {
    super();
    this.gamma = this.parameter('gamma', [width], layerScaleInit(initial));
  }

  /** @param x [..., width] */
  forward(x: Tensor): Tensor {
    return mul(x, this.gamma);
  }
}
