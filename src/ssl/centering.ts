/** The simpler alternative to Sinkhorn-Knopp: a running mean of the teacher's logits, subtracted before the softmax. */
import {
  add,
  div,
  divScalar,
  item,
  mulScalar,
  noGrad,
  scope,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../tensor/index.ts';
import { type Reducer, singleProcess } from './communicator.ts';

/** softmax((logits - centre) / temperature) over prototypes. */
export function softmaxCentered(logits: Tensor, centre: Tensor, temperature: number): Tensor {
  return noGrad(() => scope(() => softmax(divScalar(sub(logits, centre), temperature), -1)));
}

/** Sum of some logits over their rows. */
export interface RowSum {
  /** [K] */
  readonly sum: Tensor;
  readonly rows: number;
}

/** Sums logits [N, K] over rows. */
export function rowSum(logits: Tensor): RowSum {
  return { sum: noGrad(() => sum(logits, [0])), rows: logits.size(0) };
}

/**
 * The centre after one step: momentum * centre + (1 - momentum) * mean of the step's logits over the rows of all
 * processes. Unchanged when there were no rows. A new tensor; the old one is not touched.
 *
 * @param centre [K]
 * @source DINO, arXiv:2104.14294.
 */
export function nextCentre(
  centre: Tensor,
  sums: readonly RowSum[],
  momentum: number,
  reducer: Reducer = singleProcess,
): Tensor {
  return noGrad(() =>
    scope(() => {
      const { device } = centre;
      let total = mulScalar(centre, 0);
      for (const one of sums) total = add(total, one.sum);
      const rows = tensor(Float32Array.of(sums.reduce((n, one) => n + one.rows, 0)), [], { device });
      reducer.allReduceSum([total, rows]);
      const mean = item(rows) === 0 ? centre : div(total, rows);
      return add(mulScalar(centre, momentum), mulScalar(mean, 1 - momentum));
    }),
  );
}
