import { describe, expect, it } from 'vitest';
import { RmsNorm } from '../../src/nn/index.ts';
import {
  fillInto,
  noGrad,
  scope,
  tensor,
  tensorCount,
  toFloat32Array,
  zeros,
} from '../../src/tensor/index.ts';

describe('RMSNorm', () => {
  it('divides by the root of the mean square and does not subtract the mean', () => {
    const start = tensorCount();
    const norm = new RmsNorm(2, 0).initialize(1);
    noGrad(() =>
      scope(() => {
        const x = tensor(new Float32Array([3, 4, -6, -8]), [2, 2]);
        const root = Math.sqrt(12.5);
        expect(toFloat32Array(norm.forward(x))).toBeClose([3 / root, 4 / root, -3 / root, -4 / root], {
          atol: 1e-7,
        });
        fillInto(norm.weight, 2);
        expect(toFloat32Array(norm.forward(x))[1]).toBeCloseTo(8 / root, 6);
      }),
    );
    norm.dispose();
    expect(tensorCount()).toBe(start);
  });

  it('adds 1e-5 to the mean square unless told otherwise, so that zero stays zero', () => {
    const norm = new RmsNorm(3).initialize(1);
    noGrad(() =>
      scope(() => {
        expect([...toFloat32Array(norm.forward(zeros([1, 3], { dtype: 'float32' })))]).toEqual([0, 0, 0]);
        const tiny = tensor(new Float32Array([1e-3, 1e-3, 1e-3]), [1, 3]);
        expect(toFloat32Array(norm.forward(tiny))[0]).toBeCloseTo(1e-3 / Math.sqrt(1e-6 + 1e-5), 6);
      }),
    );
    norm.dispose();
  });
});
