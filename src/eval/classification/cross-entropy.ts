import {
  add,
  amax,
  detach,
  exp,
  log,
  mean,
  mul,
  scope,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../tensor/index.ts';

/** Targets as rows with a 1 in the class's column, [n, classCount] float32. */
export function oneHot(codes: ArrayLike<number>, classCount: number): Tensor {
  const data = new Float32Array(codes.length * classCount);
  for (let i = 0; i < codes.length; i++) data[i * classCount + codes[i]!] = 1;
  return tensor(data, [codes.length, classCount]);
}

/**
 * Mean over rows of -log softmax(logits)[target], with gradient.
 *
 * @param logits  [n, k]
 * @param targets [n, k] from {@link oneHot}; entries other than 1 weigh the row.
 * @returns scalar tensor.
 */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return scope(() => {
    const most = detach(amax(logits, { dim: [1], keepdim: true }));
    const total = add(log(sum(exp(sub(logits, most)), [1], { keepdim: true })), most);
    return mean(sum(mul(sub(total, logits), targets), [1]), undefined);
  });
}
