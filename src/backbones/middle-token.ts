import { cat, expand, narrow, reshape, select, type Tensor } from '../tensor/index.ts';
import type { Tokens } from './backbone.ts';

/** Place of the class token among n patch tokens. */
export function middleOf(patches: number): number {
  return Math.floor(patches / 2);
}

/**
 * Puts the class token in the middle of the sequence.
 *
 * @param tokens [B, n, width]
 * @param cls [1, 1, width]
 * @returns [B, n + 1, width], the class token at floor(n / 2).
 */
export function insertMiddle(tokens: Tensor, cls: Tensor): Tensor {
  const [batch, n, width] = tokens.shape as [number, number, number];
  const centre = middleOf(n);
  const [before, after] = [narrow(tokens, 1, 0, centre), narrow(tokens, 1, centre, n - centre)];
  return cat([before, expand(cls, [batch, 1, width]), after], { dim: 1 });
}

/** Takes the middle token out again. sequence [B, n + 1, width] */
export function splitMiddle(sequence: Tensor): Tokens {
  const [batch, length, width] = sequence.shape as [number, number, number];
  const n = length - 1;
  const centre = middleOf(n);
  const patches = cat([narrow(sequence, 1, 0, centre), narrow(sequence, 1, centre + 1, n - centre)], {
    dim: 1,
  });
  return { cls: reshape(select(sequence, 1, centre), [batch, width]), patches };
}
