/** Gradients by libtorch's autograd. */
import { attempt } from './engine-error.ts';
import { adopt } from './invoke.ts';
import { native } from './native.ts';
import type { Tensor } from './tensor.ts';

/**
 * Runs `work` without recording operations for gradients.
 *
 * @throws TypeError when `work` is asynchronous: recording would be on again before it goes on.
 */
export function noGrad<T>(work: () => T): T {
  const before = native().setGradEnabled(false);
  try {
    const result = work();
    if (result instanceof Promise)
      throw new TypeError('noGrad: the work must be synchronous, it returned a promise');
    return result;
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
  attempt('backward', () => native().backward(root.handle, seed?.handle, retainGraph));
}

/** The accumulated gradient of a leaf, or undefined before any. Shares memory with it. */
export function gradientOf(leaf: Tensor): Tensor | undefined {
  const handle = attempt('gradientOf', () => native().gradient(leaf.handle));
  return handle === null ? undefined : adopt(handle);
}

/** Forgets a leaf's gradient. */
export function clearGradient(leaf: Tensor): void {
  attempt('clearGradient', () => native().clearGradient(leaf.handle));
}
