import { clamp, div, type Tensor, vectorNorm } from '../tensor/index.ts';

/** Rows scaled to length 1: x / max(||x||, eps) over the last axis. */
export function unitRows(x: Tensor, eps: number): Tensor {
  return div(x, clamp(vectorNorm(x, { dim: [-1], keepdim: true }), { min: eps }));
}
