import type { Rng } from '../core/rng.ts';

/** Size of the patch grid. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** What the mask generator draws from; {@link Rng} is one. */
export type MaskRandom = Pick<Rng, 'uniform' | 'integer'>;

const TRIES = 10;
const SMALLEST_AREA = 4;
const LOG_ASPECT = Math.log(1 / 0.3);

/** Nearest whole number, halves to the even one. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

interface Block {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Flat positions inside a block that are not masked yet. */
function newCells(mask: Uint8Array, { columns }: Grid, { top, left, height, width }: Block): number[] {
  const cells: number[] = [];
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      if (mask[y * columns + x] === 0) cells.push(y * columns + x);
    }
  }
  return cells;
}

/** Draws one block in the published order: area, aspect and, when the size fits, top and left. */
function drawBlock({ rows, columns }: Grid, limit: number, random: MaskRandom): Block | undefined {
  const area = random.uniform(SMALLEST_AREA, limit);
  const aspect = Math.exp(random.uniform(-LOG_ASPECT, LOG_ASPECT));
  const height = roundHalfEven(Math.sqrt(area * aspect));
  const width = roundHalfEven(Math.sqrt(area / aspect));
  if (width >= columns || height >= rows) return undefined;
  const top = random.integer(0, rows - height);
  const left = random.integer(0, columns - width);
  return { top, left, height, width };
}

/** Masks one more block of at most `limit` new cells; returns how many, 0 when no try gave one. */
function addBlock(mask: Uint8Array, grid: Grid, limit: number, random: MaskRandom): number {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const block = drawBlock(grid, limit, random);
    if (block === undefined) continue;
    const cells = newCells(mask, grid, block);
    if (cells.length === 0 || cells.length > limit) continue;
    for (const cell of cells) mask[cell] = 1;
    return cells.length;
  }
  return 0;
}

/**
 * Masks a patch grid by random rectangles until `wanted` patches are hidden: each rectangle has an area of 4 up to
 * what is still wanted (at most half the grid), an aspect ratio log-uniform in [0.3, 1 / 0.3], and is smaller than
 * the grid on both sides. After 10 tries in a row without a new rectangle the mask stays short by a few patches; it
 * never holds more than `wanted`.
 *
 * @returns 0 or 1 per patch, in raster order.
 * @source BEiT, arXiv:2106.08254; order of draws as published with iBOT, arXiv:2111.07832, and DINOv2.
 */
export function blockMask(grid: Grid, wanted: number, random: MaskRandom): Uint8Array {
  const mask = new Uint8Array(grid.rows * grid.columns);
  const largest = mask.length / 2;
  for (let count = 0; count < wanted; ) {
    const added = addBlock(mask, grid, Math.min(wanted - count, largest), random);
    if (added === 0) break;
    count += added;
  }
  return mask;
}
