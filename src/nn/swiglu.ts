import { chunk, mul, silu, type Tensor } from '../tensor/index.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { inPrecision } from './precision.ts';

/** Hidden width of DINOv2's fused SwiGLU: two thirds of the MLP's, rounded up to a multiple of 8. */
export function swigluHidden(mlpHidden: number): number {
  return Math.ceil(Math.trunc((mlpHidden * 2) / 3) / 8) * 8;
}

/**
 * Gated feed-forward layer: w3(silu(a) * b) with [a | b] = w12(x).
 *
 * @source arXiv:2002.05202; DINOv2's fused form.
 */
export class SwiGlu extends Module {
  readonly w12: Linear;
  readonly w3: Linear;

  constructor(width: number, hidden: number) {
    super();
    this.w12 = this.child('w12', new Linear(width, 2 * hidden));
    this.w3 = this.child('w3', new Linear(hidden, width));
  }

  /** @param x [B, L, width] */
  forward(x: Tensor): Tensor {
    return inPrecision(x, (t) => {
      const [a, b] = chunk(this.w12.forward(t), 2, { dim: -1 }) as [Tensor, Tensor];
      return this.w3.forward(mul(silu(a), b));
    });
  }
}
