import { ShapeError } from '../errors.ts';
import { attention, type Tensor } from '../tensor/index.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { inPrecision } from './precision.ts';

/** Multi-head self-attention: proj(softmax(q k^T / sqrt(headDim)) v) with [q | k | v] = qkv(x); no q/k norm. */
export class Attention extends Module {
  readonly heads: number;
  readonly qkv: Linear;
  readonly proj: Linear;

  constructor(width: number, heads: number) {
    super();
    if (width % heads !== 0) {
      throw new ShapeError('attention', {
        need: 'a width that is a multiple of the number of heads',
        found: `width ${width}, ${heads} heads`,
      });
    }
    this.heads = heads;
    this.qkv = this.child('qkv', new Linear(width, 3 * width));
    this.proj = this.child('proj', new Linear(width, width));
  }

  /** @param x [B, L, width] */
  forward(x: Tensor): Tensor {
    return inPrecision(x, (t) => this.proj.forward(attention(this.qkv.forward(t), this.heads)));
  }
}
