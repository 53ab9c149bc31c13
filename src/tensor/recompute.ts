/**
 * Activation checkpointing: a piece of a network keeps only its input, and is computed again when the gradient comes
 * back to it. Memory for time: one piece's intermediate results at once instead of all.
 *
 * @source Chen et al. 2016, arXiv:1604.06174.
 */
import { backward, gradientOf } from './autograd.ts';
import { detach, reshape } from './ops.generated.ts';
import { keep, scope } from './scope.ts';
import type { Tensor } from './tensor.ts';

/** A piece that left no graph. `output` is a leaf, in which the gradient of what follows gathers. */
interface Piece {
  readonly input: Tensor;
  readonly output: Tensor;
  readonly work: (x: Tensor) => Tensor;
}

/** Pieces in the order they ran, while a {@link recomputing} region is open. */
let tape: Piece[] | undefined;

/** A tensor that shares data with `x` and gathers a gradient of its own. */
function leafOf(x: Tensor): Tensor {
  const leaf = detach(x);
  leaf.requiresGrad = true;
  return leaf;
}

/** The same values in the same graph, with an owner of its own: disposing one leaves the other. */
function viewOf(x: Tensor): Tensor {
  return reshape(x, x.shape);
}

/**
 * `work(x)`; within {@link recomputing} its graph is dropped, and made again on the way back. The values
 * are the same bits either way; gradients too, but for a parameter used several times, which sums them in another order.
 *
 * @param work must compute the same each time it is called: random numbers have to be drawn again from where they were.
 */
export function recomputed(x: Tensor, work: (x: Tensor) => Tensor): Tensor {
  if (tape === undefined || !x.requiresGrad) return work(x);
  const output = keep(scope(() => leafOf(work(leafOf(x)))));
  tape.push({ input: keep(viewOf(x)), output, work });
  return viewOf(output);
}

/** Takes the gradient of a piece's output to its parameters and its input. */
function runBack({ input, output, work }: Piece): void {
  scope(() => {
    const gradient = gradientOf(output);
    if (gradient === undefined) return;
    const leaf = leafOf(input);
    backward(work(leaf), gradient);
    const inputGradient = gradientOf(leaf);
    if (inputGradient !== undefined) backward(input, inputGradient);
  });
}

/**
 * Opens a region in which {@link recomputed} pieces are computed twice, where `on`. `work` gets the function that takes
 * the place of `backward` in it.
 */
export function recomputing<T>(on: boolean, work: (backward: (root: Tensor) => void) => T): T {
  if (!on) return work((root) => backward(root));
  const outer = tape;
  const mine: Piece[] = [];
  tape = mine;
  try {
    return work((root) => {
      backward(root);
      // Pieces met while going back run for real: their graphs are wanted now.
      tape = undefined;
      for (const piece of mine.reverse()) runBack(piece);
    });
  } finally {
    tape = outer;
    for (const { input, output } of mine) {
      input.dispose();
      output.dispose();
    }
  }
}
