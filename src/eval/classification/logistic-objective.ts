/** Value and gradient of the logistic loss; the matrix products run in libtorch, the rest in plain arrays. */
import type { Matrix } from '../../core/matrix.ts';
import { matmul, scope, type Tensor, tensor, toFloat64Array, transpose } from '../../tensor/index.ts';
import { logSumExp, type Objective } from '../numeric/index.ts';

/**
 * `squared`: half the squared norm of the weights, the usual ridge. `norm`: half the norm itself, as in UNI's
 * evaluation code, which can hold all weights at exactly 0.
 */
export type WeightPenalty = 'squared' | 'norm';

/** log(1 + exp(z)) without overflow. */
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** Mean cross-entropy of logits [n, outputs]; `slope` receives its gradient with respect to the logits. */
function crossEntropy(logits: Float64Array, codes: Int32Array, outputs: number, slope: Float64Array): number {
  const n = codes.length;
  let loss = 0;
  if (outputs === 1) {
    for (let i = 0; i < n; i++) {
      const z = logits[i]!;
      loss += softplus(z) - codes[i]! * z;
      slope[i] = (1 / (1 + Math.exp(-z)) - codes[i]!) / n;
    }
    return loss / n;
  }
  for (let i = 0; i < n; i++) {
    const row = logits.subarray(i * outputs, (i + 1) * outputs);
    const total = logSumExp(row);
    loss += total - row[codes[i]!]!;
    for (let k = 0; k < outputs; k++) {
      slope[i * outputs + k] = (Math.exp(row[k]! - total) - (codes[i] === k ? 1 : 0)) / n;
    }
  }
  return loss / n;
}

/** Training rows in native memory, with what the optimiser asks of them. */
export interface LogisticProblem {
  /** Of the vector [weights (outputs x inputs, row-major), intercepts (outputs)]. */
  readonly objective: Objective;
  /** Length of that vector. */
  readonly size: number;
  /** Number of weights in it. */
  readonly weights: number;
  dispose(): void;
}

/**
 * Mean cross-entropy + strength * penalty.
 *
 * @param outputs 1: one logit, the log odds of code 1; else one per class with softmax.
 */
export function logisticProblem(
  x: Tensor,
  codes: Int32Array,
  outputs: number,
  strength: number,
  penalty: WeightPenalty,
): LogisticProblem {
  const [n, inputs] = [x.size(0), x.size(1)];
  const weights = outputs * inputs;
  const slope = new Float64Array(n * outputs);
  const objective: Objective = (point) => {
    const w = point.subarray(0, weights);
    const logits = scope(() =>
      toFloat64Array(matmul(x, transpose(tensor(w.slice(), [outputs, inputs]), 0, 1))),
    );
    for (let i = 0; i < logits.length; i++) logits[i]! += point[weights + (i % outputs)]!;
    const loss = crossEntropy(logits, codes, outputs, slope);
    const gradient = new Float64Array(point.length);
    gradient.set(scope(() => toFloat64Array(matmul(transpose(tensor(slope, [n, outputs]), 0, 1), x))));
    for (let i = 0; i < slope.length; i++) gradient[weights + (i % outputs)]! += slope[i]!;
    const square = w.reduce((sum, v) => sum + v * v, 0);
    const norm = Math.sqrt(square);
    // The norm has no gradient at 0; there the subgradient 0 is taken.
    const pull = penalty === 'squared' ? strength : norm > 0 ? strength / (2 * norm) : 0;
    for (let i = 0; i < weights; i++) gradient[i]! += pull * w[i]!;
    return { value: loss + (strength / 2) * (penalty === 'squared' ? square : norm), gradient };
  };
  return { objective, size: weights + outputs, weights, dispose: () => x.dispose() };
}

/** A table as a float64 tensor that no scope frees. */
export function asTensor({ rows, cols, data }: Matrix): Tensor {
  return tensor(data instanceof Float64Array ? data : Float64Array.from(data), [rows, cols]);
}
