/** Deep Zoom: level `maxLevel` is the slide, each level below half of it, cut into square tiles without overlap. */
import { Refusal } from '../refusal.ts';

export const TILE_PX = 256;

export interface SlideSize {
  readonly width: number;
  readonly height: number;
}

export interface DeepZoomTile {
  readonly region: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  readonly widthPx: number;
  readonly heightPx: number;
}

export function maxLevelOf({ width, height }: SlideSize): number {
  return Math.ceil(Math.log2(Math.max(width, height)));
}

/**
 * The level-0 rectangle of a tile and the size of its picture; tiles at the right and lower border are smaller.
 *
 * @throws Refusal 404 for a tile that the slide does not have.
 */
export function deepZoomTile(slide: SlideSize, level: number, column: number, row: number): DeepZoomTile {
  const most = maxLevelOf(slide);
  const scale = 2 ** (most - level);
  const width = Math.ceil(slide.width / scale);
  const height = Math.ceil(slide.height / scale);
  const [left, top] = [column * TILE_PX, row * TILE_PX];
  const whole = [level, column, row].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!whole || level > most || left >= width || top >= height) {
    throw new Refusal(
      404,
      `This slide has no tile ${column}, ${row} at level ${level}; levels go up to ${most}.`,
    );
  }
  const widthPx = Math.min(TILE_PX, width - left);
  const heightPx = Math.min(TILE_PX, height - top);
  const [x, y] = [left * scale, top * scale];
  const region = {
    x,
    y,
    width: Math.min(widthPx * scale, slide.width - x),
    height: Math.min(heightPx * scale, slide.height - y),
  };
  return { region, widthPx, heightPx };
}
