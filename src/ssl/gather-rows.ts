import {
  add,
  cat,
  copyInto,
  detach,
  mulScalar,
  narrow,
  noGrad,
  scope,
  sub,
  type Tensor,
  zeros,
} from '../tensor/index.ts';
import type { Communicator } from './communicator.ts';

/**
 * The rows of all processes in order of rank. Only this process's own part carries a gradient.
 *
 * @param rows [B, D], the same B in every process.
 * @returns [size * B, D]
 */
export function gatherRows(rows: Tensor, group: Communicator): Tensor {
  if (group.size === 1) return rows;
  const [count, width] = rows.shape as [number, number];
  const before = group.rank * count;
  const after = (group.size - 1 - group.rank) * count;
  const all = noGrad(() =>
    scope(() => {
      const buffer = zeros([group.size * count, width], { dtype: rows.dtype, device: rows.device });
      copyInto(narrow(buffer, 0, before, count), detach(rows));
      group.allReduceSum([buffer]);
      return buffer;
    }),
  );
  return cat([narrow(all, 0, 0, before), rows, narrow(all, 0, before + count, after)]);
}

/**
 * The same value with `factor` times the gradient. For a loss that every process computes in full but through its own
 * rows only: averaging gradients over processes divides by their number what was never multiplied.
 */
export function scaleGradient(loss: Tensor, factor: number): Tensor {
  if (factor === 1) return loss;
  return add(loss, mulScalar(sub(loss, detach(loss)), factor - 1));
}
