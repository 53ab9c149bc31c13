/**
 * A kernel (float32, vectorised) against the same operator composed from ATen operators in float64: values, every
 * gradient, and the same bits for any thread count. And the composed form against finite differences.
 */
import { expect } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  backward,
  clearGradient,
  expand,
  gradientOf,
  mul,
  narrow,
  noGrad,
  scope,
  setThreads,
  sumAll,
  type Tensor,
  tensor,
  tensorCount,
  threadCount,
  toFloat32Array,
  toFloat64Array,
  transpose,
} from '../../src/tensor/index.ts';

/**
 * How an input lies in memory: as it is; a column slice of wider rows; the last two axes stored the other way round;
 * the first axis repeated without being stored.
 */
export type View = 'dense' | 'slice' | 'swapped' | 'expanded';

/** One input of a case. */
export interface Input {
  readonly shape: readonly number[];
  readonly view?: View;
  /** Values; standard normal when absent. */
  readonly draw?: (rng: Rng) => number;
}

function storedShape({ shape, view = 'dense' }: Input): number[] {
  const stored = [...shape];
  const last = stored.length - 1;
  if (view === 'slice') stored[last]! += 5;
  if (view === 'expanded') stored[0] = 1;
  if (view === 'swapped') [stored[last - 1], stored[last]] = [stored[last]!, stored[last - 1]!];
  return stored;
}

function viewOf(stored: Tensor, { shape, view = 'dense' }: Input): Tensor {
  if (view === 'slice') return narrow(stored, -1, 2, shape.at(-1)!);
  if (view === 'swapped') return transpose(stored, -1, -2);
  if (view === 'expanded') return expand(stored, shape);
  return stored;
}

/** Float32 numbers for every input, so that both precisions start from the same values. */
function drawAll(inputs: readonly Input[], seed: string): Float32Array[] {
  const rng = new Rng(seed);
  return inputs.map((input) => {
    const count = storedShape(input).reduce((product, n) => product * n, 1);
    return Float32Array.from({ length: count }, () => input.draw?.(rng) ?? rng.normal());
  });
}

/** Runs an operator on views of the inputs. */
export type Call = (...inputs: Tensor[]) => Tensor;

interface Result {
  readonly out: Float64Array;
  readonly gradients: readonly Float64Array[];
}

function run(call: Call, inputs: readonly Input[], arrays: readonly Float32Array[], wide: boolean): Result {
  return scope(() => {
    const leaves = inputs.map((input, i) => {
      const array = wide ? Float64Array.from(arrays[i]!) : arrays[i]!;
      const leaf = tensor(array, storedShape(input));
      leaf.requiresGrad = true;
      return leaf;
    });
    const out = call(...leaves.map((leaf, i) => viewOf(leaf, inputs[i]!)));
    const rng = new Rng('cotangent');
    const weights = Float32Array.from({ length: out.elementCount }, () => rng.normal());
    const cotangent = tensor(wide ? Float64Array.from(weights) : weights, out.shape);
    backward(sumAll(mul(out, cotangent)));
    const gradients = leaves.map((leaf) => toFloat64Array(gradientOf(leaf)!));
    for (const leaf of leaves) clearGradient(leaf);
    return { out: toFloat64Array(out), gradients };
  });
}

/** Values without gradients take another path in some operators. */
function runPlain(call: Call, inputs: readonly Input[], arrays: readonly Float32Array[]): Float64Array {
  return noGrad(() =>
    scope(() => {
      const tensors = inputs.map((input, i) => viewOf(tensor(arrays[i]!, storedShape(input)), input));
      return toFloat64Array(call(...tensors));
    }),
  );
}

/** Limits relative to the largest value; what float32 sums over some hundred terms leave. */
const LIMITS = { out: 3e-6, gradient: 1e-5 };

/**
 * Compares `kernel` with `composed`.
 *
 * @param limits relative to the largest entry of each array.
 */
export function expectSameForms(
  kernel: Call,
  composed: Call,
  inputs: readonly Input[],
  limits: { readonly out: number; readonly gradient: number } = LIMITS,
): void {
  const start = tensorCount();
  const threads = threadCount();
  const arrays = drawAll(inputs, JSON.stringify(inputs));
  setThreads(1);
  const alone = run(kernel, inputs, arrays, false);
  const plain = runPlain(kernel, inputs, arrays);
  setThreads(2);
  expect(run(kernel, inputs, arrays, false), 'same bits with two threads as with one').toEqual(alone);
  expect(runPlain(kernel, inputs, arrays), 'same bits without gradients').toEqual(plain);
  setThreads(threads);
  const exact = run(composed, inputs, arrays, true);
  expect(alone.out, 'values').toBeClose(exact.out, { rtolOfMax: limits.out, atol: 1e-30 });
  expect(plain, 'values without gradients').toBeClose(exact.out, { rtolOfMax: limits.out, atol: 1e-30 });
  for (const [i, gradient] of alone.gradients.entries())
    expect(gradient, `gradient of input ${i}`).toBeClose(exact.gradients[i]!, {
      rtolOfMax: limits.gradient,
      atol: 1e-30,
    });
  expect(tensorCount()).toBe(start);
}

/** Central differences of sum(out * cotangent) in float64 against autograd's gradients, for every input element. */
export function expectGradientsByDifferences(call: Call, inputs: readonly Input[], step = 1e-5): void {
  const arrays = drawAll(inputs, 'differences');
  const { gradients } = run(call, inputs, arrays, true);
  const wide = arrays.map((array) => Float64Array.from(array));
  const loss = (): number =>
    noGrad(() =>
      scope(() => {
        const out = toFloat64Array(
          call(...wide.map((array, i) => viewOf(tensor(array, storedShape(inputs[i]!)), inputs[i]!))),
        );
        const rng = new Rng('cotangent');
        return out.reduce((total, v) => total + v * Math.fround(rng.normal()), 0);
      }),
    );
  for (const [i, array] of wide.entries()) {
    const estimated = array.map((value, j) => {
      array[j] = value + step;
      const above = loss();
      array[j] = value - step;
      const below = loss();
      array[j] = value;
      return (above - below) / (2 * step);
    });
    expect(gradients[i], `gradient of input ${i}`).toBeClose(estimated, { rtolOfMax: 1e-7, atol: 1e-7 });
  }
}

/** Elements as float32 for a last look at a result. */
export function values(t: Tensor): number[] {
  return [...toFloat32Array(t)];
}
