import type { Rng } from '../core/rng.ts';
import { Module } from '../nn/index.ts';
import { recomputed, type Tensor } from '../tensor/index.ts';
import type { BackboneCard } from './card.ts';

/** The last layer's tokens after the final norm. */
export interface Tokens {
  /** [B, width] */
  readonly cls: Tensor;
  /** [B, n, width], in raster order of the patch grid. */
  readonly patches: Tensor;
}

export interface ForwardOptions {
  /** bool [B, n]: true where the patch token is replaced by the mask token (iBOT). */
  readonly mask?: Tensor;
  /** Given in training: the source of stochastic depth. */
  readonly rng?: Rng;
  /** Called after every block with its index and the whole sequence [B, L, width], cls included. */
  readonly onBlock?: (index: number, sequence: Tensor) => void;
}

/**
 * One block, which {@link recomputed} may run again on the way back: with the same random numbers, and unheard by
 * `onBlock`.
 */
export function runBlock(
  block: { forward(x: Tensor, options: ForwardOptions): Tensor },
  x: Tensor,
  options: ForwardOptions,
): Tensor {
  const { rng } = options;
  const start = rng?.clone();
  let again = false;
  return recomputed(x, (t) => {
    const draws = again ? start?.clone() : rng;
    again = true;
    return block.forward(t, draws === undefined ? options : { ...options, rng: draws });
  });
}

/** An image encoder that yields one token per patch and a class token. */
export abstract class Backbone extends Module {
  abstract readonly card: BackboneCard;

  /**
   * @param images [B, 3, H, W] float32, normalised with the card's mean and std; H and W multiples of the patch.
   */
  abstract forward(images: Tensor, options?: ForwardOptions): Tokens;
}
