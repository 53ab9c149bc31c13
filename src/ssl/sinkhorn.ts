import { ShapeError } from '../errors.ts';
import {
  amax,
  divInto,
  divScalar,
  exp,
  full,
  item,
  mulScalar,
  mulScalarInto,
  noGrad,
  scope,
  select,
  stack,
  sub,
  sum,
  sumAll,
  type Tensor,
  tensor,
} from '../tensor/index.ts';
import { type Reducer, singleProcess } from './communicator.ts';

export interface SinkhornOptions {
  readonly iterations?: number;
  /**
   * Subtracts the largest logit before the exponential. The result is the same in exact arithmetic; without it (as
   * published) logits above 88 * temperature overflow to infinity and the result is NaN. With it, a sample whose
   * logits all lie 88 * temperature below the largest still gives NaN.
   */
  readonly subtractMax?: boolean;
  /** Sums over the processes that hold the other samples. */
  readonly reducer?: Reducer;
}

/** exp(x), shifted by the largest value of all processes. */
function shiftedExp(x: Tensor, reducer: Reducer): Tensor {
  const largest =
    x.size(0) === 0 ? full([], Number.NEGATIVE_INFINITY, { dtype: x.dtype, device: x.device }) : amax(x);
  reducer.allReduceMax([largest]);
  return exp(sub(x, largest));
}

/**
 * Assigns samples to prototypes so that every prototype is used equally: starting from exp(logits / temperature),
 * alternately scales each prototype's total to 1 / K and each sample's to 1 / B, over the samples of all processes.
 *
 * Afterwards each sample's assignments sum to 1; the prototypes' totals are only nearly equal after few iterations.
 *
 * @param logits [N, K] float32; processes may hold different N, also 0.
 * @returns [N, K], without gradient.
 * @throws ShapeError for another rank.
 * @source Cuturi, arXiv:1306.0895; SwAV, arXiv:2006.09882; as used in DINOv2, arXiv:2304.07193.
 */
export function sinkhornKnopp(
  logits: Tensor,
  temperature: number,
  { iterations = 3, subtractMax = false, reducer = singleProcess }: SinkhornOptions = {},
): Tensor {
  if (logits.shape.length !== 2) {
    throw new ShapeError('Sinkhorn-Knopp', {
      need: 'logits [N, K]',
      found: `[${logits.shape.join(', ')}]`,
    });
  }
  return noGrad(() =>
    scope(() => {
      const [rows, prototypes] = logits.shape as [number, number];
      const scaled = divScalar(logits, temperature);
      const q = subtractMax ? shiftedExp(scaled, reducer) : exp(scaled);
      const count = tensor(Float32Array.of(rows), [], { device: logits.device });
      const totals = stack([sumAll(q), count]);
      reducer.allReduceSum([totals]);
      const samples = reducer.size === 1 ? rows : item(select(totals, 0, 1));
      divInto(q, select(totals, 0, 0));
      for (let i = 0; i < iterations; i++) {
        const perPrototype = sum(q, [0]); // [K]
        reducer.allReduceSum([perPrototype]);
        divInto(q, mulScalar(perPrototype, prototypes));
        divInto(q, mulScalar(sum(q, [1], { keepdim: true }), samples));
      }
      return mulScalarInto(q, samples);
    }),
  );
}
