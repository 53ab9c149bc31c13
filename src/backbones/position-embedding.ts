import { cat, narrow, permute, reshape, type Tensor, unsqueeze, upsampleBicubic2d } from '../tensor/index.ts';
import { insertMiddle, splitMiddle } from './middle-token.ts';

/** DINOv2 adds this to the target size before dividing, which moves the sampling grid a little. */
const OFFSET = 0.1;

/**
 * Fits a square grid of position embeddings to another grid: bicubic (a = -0.75), corners not aligned, no
 * antialiasing, sampled at (i + 0.5) / scale - 0.5 with scale = (target + 0.1) / source.
 *
 * @param table [1, 1 + side * side, width]; the first row belongs to the class token and is not changed.
 * @param rows target grid height.
 * @param columns target grid width.
 * @returns [1, 1 + rows * columns, width]; the table itself when it already fits.
 * @source DINOv2, arXiv:2304.07193 (interpolate_offset 0.1).
 */
export function fitPositionEmbedding(table: Tensor, rows: number, columns: number): Tensor {
  const cells = table.size(1) - 1;
  const side = Math.round(Math.sqrt(cells));
  if (rows === side && columns === side) return table;
  const width = table.size(2);
  const grid = permute(reshape(narrow(table, 1, 1, cells), [1, side, side, width]), [0, 3, 1, 2]);
  const fitted = upsampleBicubic2d(grid, [rows, columns], false, {
    scalesH: (rows + OFFSET) / side,
    scalesW: (columns + OFFSET) / side,
  });
  const flat = reshape(permute(fitted, [0, 2, 3, 1]), [1, rows * columns, width]);
  return cat([narrow(table, 1, 0, 1), flat], { dim: 1 });
}

/**
 * As {@link fitPositionEmbedding}, for tables whose class token's row stands in the middle.
 *
 * @param table [1, side * side + 1, width]
 */
export function fitMiddlePositions(table: Tensor, rows: number, columns: number): Tensor {
  const { cls, patches } = splitMiddle(table);
  const fitted = fitPositionEmbedding(cat([unsqueeze(cls, 1), patches], { dim: 1 }), rows, columns);
  const count = rows * columns;
  return insertMiddle(narrow(fitted, 1, 1, count), narrow(fitted, 1, 0, 1));
}
