import { DataError, EngineError } from '../errors.ts';
import {
  add,
  cholesky,
  choleskySolve,
  eye,
  mulScalar,
  type Tensor,
  toFloat64Array,
} from '../tensor/index.ts';

/** Share of a diagonal element below which what elimination left of it is rounding error, per row of the system. */
const ROUNDING = 10 * Number.EPSILON;

/**
 * Whether elimination left nothing of some column. Cholesky's own failure does not tell: whether the rest of a dependent
 * column comes out below 0 is chance, and differs between processors.
 */
function hasDependentColumn(system: Tensor, factor: Tensor): boolean {
  const n = system.size(0);
  const [before, after] = [toFloat64Array(system), toFloat64Array(factor)];
  for (let i = 0; i < n; i++) {
    const at = i * n + i;
    if (!(after[at]! ** 2 > ROUNDING * n * before[at]!)) return true;
  }
  return false;
}

/**
 * (S + alpha I)^-1 B by Cholesky.
 *
 * @param S [n, n] float64, symmetric, without a negative eigenvalue.
 * @param B [n, q] float64.
 * @throws DataError naming `operation` when the system is singular to working precision.
 */
export function solvePenalised(operation: string, S: Tensor, alpha: number, B: Tensor, next: string): Tensor {
  const singular = (cause?: EngineError) =>
    new DataError(operation, {
      need: 'features that are linearly independent, or a larger penalty',
      found: `a singular system at alpha ${alpha}`,
      next,
      ...(cause === undefined ? {} : { cause }),
    });
  const system = add(S, mulScalar(eye(S.size(0), { dtype: 'float64' }), alpha));
  let factor: Tensor;
  try {
    factor = cholesky(system);
  } catch (error) {
    throw error instanceof EngineError ? singular(error) : error;
  }
  if (hasDependentColumn(system, factor)) throw singular();
  return choleskySolve(B, factor);
}
