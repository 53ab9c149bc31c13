import { expect } from 'vitest';
import { compareClose, type Tolerance } from './close.ts';

interface CloseMatchers<R> {
  /** Compares two flat number lists; the message names the worst index, both values and both errors. */
  toBeClose(golden: ArrayLike<number>, tolerance: Tolerance): R;
}

declare module 'vitest' {
  interface Matchers<T> extends CloseMatchers<T> {}
}

expect.extend({
  toBeClose(actual: ArrayLike<number>, golden: ArrayLike<number>, tolerance: Tolerance) {
    const problem = compareClose(actual, golden, tolerance);
    return { pass: problem === undefined, message: () => problem ?? 'values are close' };
  },
});
