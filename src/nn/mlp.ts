import type { Tensor } from '../tensor/index.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { inPrecision } from './precision.ts';

/** Channel mixer of the attention blocks: fc2(GELU(fc1(x))), exact (erf) GELU. */
export class Mlp extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;

  constructor(width: number, hidden: number) {
    super();
    this.fc1 = this.child('fc1', new Linear(width, hidden));
    this.fc2 = this.child('fc2', new Linear(hidden, width));
  }

  /** @param x [B, L, width] */
  forward(x: Tensor): Tensor {
    return inPrecision(x, (t) => this.fc2.forward(this.fc1.forward(t, 'gelu')));
  }
}
