/** The pixels of a grid of patches. */
import { type Patch, type ReadPatchesOptions, readAhead } from '../read-ahead.ts';
import type { WholeSlide } from '../whole-slide.ts';
import type { CoordsTable } from './coords-file.ts';

/** What is needed of a table of patches to read them. */
export type TileGrid = Pick<CoordsTable, 'corners' | 'sidePx' | 'sizePx'>;

/** One patch of the grid: RGB8, row-major [sizePx, sizePx, 3]; white where it leaves the slide. */
export async function readTile(slide: WholeSlide, grid: TileGrid, index: number): Promise<Uint8Array> {
  const { corners, sidePx, sizePx } = grid;
  const region = { x: corners[2 * index]!, y: corners[2 * index + 1]!, width: sidePx, height: sidePx };
  const { pixels } = await slide.readScaled(region, { widthPx: sizePx, heightPx: sizePx });
  return pixels;
}

/**
 * Streams the patches in order, reading ahead.
 *
 * @throws UsageError if `concurrency` is no positive integer; DataError where a tile cannot be read.
 */
export function readTiles(
  slide: WholeSlide,
  grid: TileGrid,
  options: ReadPatchesOptions = {},
): AsyncGenerator<Patch, void, undefined> {
  return readAhead(grid.corners.length / 2, (i) => readTile(slide, grid, i), options);
}
