/** Moments of features together with targets: enough to fit a probe on some rows and to score it on others. */
import {
  add,
  matmul,
  mean,
  mulScalar,
  scope,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../tensor/index.ts';
import { type CrossMoments, type FeatureMoments, mergeMoments } from './feature-moments.ts';

/** Features and targets of one set of rows; all tensors float64. */
export interface JointMoments {
  readonly features: FeatureMoments;
  readonly cross: CrossMoments;
  /** [1, q]: sum over rows of (y - mean)^2. */
  readonly targetSquares: Tensor;
}

/** Moments of the rows x [n, d] (with their known feature moments) and y [n, q]. */
export function jointMoments(features: FeatureMoments, x: Tensor, y: Tensor): JointMoments {
  return scope(() => {
    const centre = mean(y, [0], { keepdim: true });
    const centred = sub(y, centre);
    const scatter = matmul(transpose(sub(x, features.mean), 0, 1), centred);
    return {
      features,
      cross: { mean: centre, scatter },
      targetSquares: sum(square(centred), [0], { keepdim: true }),
    };
  });
}

/** Moments of the union of disjoint sets of rows. @source Chan, Golub, LeVeque 1979. */
export function mergeJoint(parts: readonly JointMoments[]): JointMoments {
  return scope(() =>
    parts.reduce((a, b) => {
      const [m, n] = [a.features.rows, b.features.rows];
      const weight = (m * n) / (m + n);
      const apartX = sub(b.features.mean, a.features.mean);
      const apartY = sub(b.cross.mean, a.cross.mean);
      const between = mulScalar(matmul(transpose(apartX, 0, 1), apartY), weight);
      return {
        features: mergeMoments([a.features, b.features]),
        cross: {
          mean: add(a.cross.mean, mulScalar(apartY, n / (m + n))),
          scatter: add(add(a.cross.scatter, b.cross.scatter), between),
        },
        targetSquares: add(add(a.targetSquares, b.targetSquares), mulScalar(square(apartY), weight)),
      };
    }),
  );
}
