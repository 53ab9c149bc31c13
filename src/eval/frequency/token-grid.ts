import { ShapeError } from '../../errors.ts';
import { cat, contiguous, narrow, permute, reshape, scope, type Tensor } from '../../tensor/index.ts';

/** Where the class token stands in a sequence: `middle` is MV_Hybrid's place, after floor(n / 2) patch tokens. */
export type ClassTokenPlace = 'first' | 'middle' | 'none';

/**
 * A token sequence as pictures, one per channel, class token left out.
 *
 * @param sequence [B, L, D] in raster order of a square patch grid.
 * @returns [B, D, side, side]
 * @throws ShapeError when the patch tokens do not fill a square.
 */
export function tokenGrid(sequence: Tensor, classToken: ClassTokenPlace): Tensor {
  const [batch, length, width] = sequence.shape as [number, number, number];
  const n = classToken === 'none' ? length : length - 1;
  const side = Math.round(Math.sqrt(n));
  if (sequence.shape.length !== 3 || n < 1 || side * side !== n) {
    throw new ShapeError('token grid', {
      need: `[batch, tokens, width] with a square number of patch tokens, class token ${classToken}`,
      found: `[${sequence.shape.join(', ')}]`,
    });
  }
  return scope(() => {
    const before = classToken === 'middle' ? Math.floor(n / 2) : 0;
    const patches =
      classToken === 'none'
        ? sequence
        : cat([narrow(sequence, 1, 0, before), narrow(sequence, 1, before + 1, n - before)], { dim: 1 });
    return contiguous(permute(reshape(patches, [batch, side, side, width]), [0, 3, 1, 2]));
  });
}
