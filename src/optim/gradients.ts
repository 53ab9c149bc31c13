/** Gradients as named tensors, so that averaging, clipping and updating are steps one can see. */
import {
  clearGradient,
  foreachMulScalarInto,
  foreachNorm,
  gradientOf,
  item,
  noGrad,
  scope,
  stack,
  type Tensor,
  vectorNorm,
  zerosLike,
} from '../tensor/index.ts';

/**
 * Gradients of all parameters by name; they share memory with the leaves' own.
 *
 * A parameter that took no part in the loss counts as having a zero gradient: moments decay and weight decay acts
 * as for any other. So every process of a group holds the same list, whatever its own batch used.
 */
export function gradientsOf(parameters: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...parameters].map(([name, parameter]) => [
      name,
      gradientOf(parameter) ?? noGrad(() => zerosLike(parameter)),
    ]),
  );
}

/** Forgets the gradients of all parameters. */
export function clearGradients(parameters: ReadonlyMap<string, Tensor>): void {
  for (const parameter of parameters.values()) clearGradient(parameter);
}

/** Added to the norm before dividing. */
const CLIP_EPS = 1e-6;

/**
 * Euclidean norm of all gradients together, before they are scaled in place by min(1, maxNorm / (norm + 1e-6)).
 * A norm that is not finite is returned and nothing is scaled.
 */
export function clipGradients(gradients: readonly Tensor[], maxNorm: number): number {
  if (gradients.length === 0) return 0;
  return noGrad(() =>
    scope(() => {
      const norm = item(vectorNorm(stack(foreachNorm(gradients))));
      const scale = maxNorm / (norm + CLIP_EPS);
      if (Number.isFinite(norm) && scale < 1) foreachMulScalarInto(gradients, scale);
      return norm;
    }),
  );
}
