/** Random dropping of residual branches during training. */
import type { Rng } from '../core/rng.ts';
import { add, addInto, indexAdd, indexSelect, mul, mulScalar, type Tensor, tensor } from '../tensor/index.ts';

/**
 * x + branch(x), where during training (`rng` given) the branch of each sample is dropped with probability `rate`
 * and the others are scaled by 1 / (1 - rate).
 *
 * @source Stochastic depth, arXiv:1603.09382, per sample.
 */
export function residual(x: Tensor, branch: (x: Tensor) => Tensor, rate = 0, rng?: Rng): Tensor {
  if (rng === undefined || rate === 0) {
    const update = branch(x);
    // Without gradients the update is nobody else's: adding in place spares a tensor of the sequence's size.
    return x.requiresGrad || update.requiresGrad ? add(x, update) : addInto(update, x);
  }
  const mask = Float32Array.from({ length: x.size(0) }, () => (rng.uniform() >= rate ? 1 / (1 - rate) : 0));
  const shape = [x.size(0), ...x.shape.slice(1).map(() => 1)];
  return add(x, mul(branch(x), tensor(mask, shape, { device: x.device })));
}

/**
 * DINOv2's form for rates above 0.1: the branch is computed for a random subset of floor(B (1 - rate)) samples (at
 * least one) and scaled by B / kept, which also saves its computation.
 *
 * @source DINOv2, arXiv:2304.07193, "efficient stochastic depth".
 */
export function subsetResidual(x: Tensor, branch: (x: Tensor) => Tensor, rate: number, rng: Rng): Tensor {
  const batch = x.size(0);
  const kept = Math.max(Math.floor(batch * (1 - rate)), 1);
  const order = rng.shuffle(Array.from({ length: batch }, (_, i) => i)).slice(0, kept);
  const index = tensor(BigInt64Array.from(order, BigInt), [kept], { device: x.device });
  const update = mulScalar(branch(indexSelect(x, 0, index)), batch / kept);
  return indexAdd(x, 0, index, update);
}
