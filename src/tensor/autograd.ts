/** Gradients by libtorch's autograd. */
import { adopt, engineError } from './invoke.ts';
import { native } from './native.ts';
import type { Tensor } from './tensor.ts';

/** Runs `work` without recording operations for gradients. */
export function noGrad<T>(work: () => T): T {
  const before = native().setGradEnabled(false);
  try {
    return work();
  } finally {
    native().setGradEnabled(before);
  }
}

/**
 * Adds d root / d leaf to the gradient of every leaf that requires one.
 *
 * @param seed cotangent of `root`, same shape; may be left out for a single element.
 */
export function backward(root: Tensor, seed?: Tensor, { retainGraph = false } = {}): void {
  try {
    native().backward(root.handle, seed?.handle, retainGraph);
  } catch (error) {
    throw engineError('backward', error);
  }
}

/** The accumulated gradient of a leaf, or undefined before any. Shares memory with it. */
export function gradientOf(leaf: Tensor): Tensor | undefined {
  const handle = native().gradient(leaf.handle);
  return handle === null ? undefined : adopt(handle);
}

/** Forgets a leaf's gradient. */
export function clearGradient(leaf: Tensor): void {
  native().clearGradient(leaf.handle);
}
