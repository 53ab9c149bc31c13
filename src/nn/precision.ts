/**
 * Number type of the large matrix products in training. Parameters, the residual stream, norms, EinFFT and the scan stay
 * float32; attention and MLPs may be computed in bfloat16, which has float32's range at 8 bits of precision, so that
 * gradients need no scaling.
 */
import { type Tensor, toDtype } from '../tensor/index.ts';

/** Types that attention and MLPs can be computed in. */
export type Precision = 'float32' | 'bfloat16';

let current: Precision = 'float32';

/** Runs `work` with attention and MLPs computed in `precision`. */
export function withPrecision<T>(precision: Precision, work: () => T): T {
  const before = current;
  current = precision;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** `layer(x)`, computed in the precision asked for; float32 in and out. */
export function inPrecision(x: Tensor, layer: (x: Tensor) => Tensor): Tensor {
  return current === 'float32' ? layer(x) : toDtype(layer(toDtype(x, current)), 'float32');
}

/** A parameter in the type of the numbers it meets. */
export function matching(parameter: Tensor, x: Tensor): Tensor {
  return current === 'float32' || x.dtype === parameter.dtype ? parameter : toDtype(parameter, x.dtype);
}
