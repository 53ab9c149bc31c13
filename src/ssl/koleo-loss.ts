import { ShapeError } from '../errors.ts';
import {
  addScalar,
  argmax,
  fillDiagonalInto,
  indexSelect,
  log,
  matmul,
  meanAll,
  mulScalar,
  neg,
  noGrad,
  scope,
  sub,
  sumAll,
  type Tensor,
  transpose,
  vectorNorm,
} from '../tensor/index.ts';
import { unitRows } from './unit-rows.ts';

export interface KoleoResult {
  /** Scalar. */
  readonly loss: Tensor;
  /** Why the loss is 0 instead of a distance. */
  readonly skipped?: string;
}

/** Row number of each row's nearest other row, by the largest dot product. */
function nearestRows(unit: Tensor): Tensor {
  return noGrad(() =>
    scope(() => {
      const dots = matmul(unit, transpose(unit, 0, 1));
      return argmax(fillDiagonalInto(dots, Number.NEGATIVE_INFINITY), { dim: 1 });
    }),
  );
}

/**
 * Spreads embeddings: with rows scaled to unit length and d_i the distance from row i to its nearest other row,
 *
 *   loss = -mean_i log(d_i + eps),   d_i = || x_i - x_nearest(i) + eps ||
 *
 * Rows that coincide give -log of about eps sqrt(D), large but finite, with a finite gradient.
 *
 * @param x [B, D] float32. Gradients flow to a row and to its nearest neighbour, not through the choice of it.
 * @throws ShapeError if x is not 2-D.
 * @source Sablayrolles et al., arXiv:1806.03198; as used in DINOv2, arXiv:2304.07193.
 * @differs One row has no neighbour: the loss is 0 and `skipped` says so (published: a row's distance to itself,
 *   -log of about eps). The self distance is masked with -infinity, not -1, so that the opposite of a row is never
 *   mistaken for the row itself. Always float32, so eps never vanishes as it does in half precision.
 */
export function koleoLoss(x: Tensor, eps = 1e-8): KoleoResult {
  if (x.shape.length !== 2) {
    throw new ShapeError('KoLeo loss', { need: 'embeddings [B, D]', found: `[${x.shape.join(', ')}]` });
  }
  if (x.size(0) < 2) {
    return { loss: mulScalar(sumAll(x), 0), skipped: `KoLeo needs 2 rows per crop, found ${x.size(0)}` };
  }
  const unit = unitRows(x, eps);
  const offset = addScalar(sub(unit, indexSelect(unit, 0, nearestRows(unit))), eps);
  return { loss: neg(meanAll(log(addScalar(vectorNorm(offset, { dim: [-1] }), eps)))) };
}
