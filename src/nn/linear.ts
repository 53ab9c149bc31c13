import { linear, type Tensor } from '../tensor/index.ts';
import { type Initializer, truncatedNormalInit, zerosInit } from './init.ts';
import { Module } from './module.ts';
import { matching } from './precision.ts';

export interface LinearOptions {
  readonly bias?: boolean;
  readonly weightInit?: Initializer;
}

/** y = x W^T + b over the last axis; optionally followed by the exact GELU in the same pass. */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;

  constructor(inputs: number, outputs: number, options: LinearOptions = {}) {
    super();
    this.weight = this.parameter('weight', [outputs, inputs], options.weightInit ?? truncatedNormalInit());
    if (options.bias ?? true) this.bias = this.parameter('bias', [outputs], zerosInit);
  }

  /** @param x [..., inputs] @returns [..., outputs] */
  forward(x: Tensor, activation: 'none' | 'gelu' = 'none'): Tensor {
    const bias = this.bias && matching(this.bias, x);
    return linear(x, matching(this.weight, x), { bias, activation });
  }
}
