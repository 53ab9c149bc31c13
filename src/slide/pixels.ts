/** Rectangles of RGB8 pixels: checking and copying them. */
import { DataError, UsageError } from '../errors.ts';
import type { Region } from './slide-image.ts';

/** Largest region of one read: 600 megapixels, 1.8 GB of RGB8. */
export const MAX_REGION_PIXELS = 600_000_000;

/** A picture, RGB8 row-major, `3 * widthPx * heightPx` bytes. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** @throws UsageError unless the region is made of whole pixels and is not empty. */
export function checkRegion({ x, y, width, height }: Region): void {
  const whole = [x, y, width, height].every(Number.isSafeInteger);
  if (!whole || width <= 0 || height <= 0) {
    throw new UsageError('readRegion', {
      need: 'whole pixel numbers with width and height above 0',
      found: `x ${x}, y ${y}, width ${width}, height ${height}`,
    });
  }
  if (width * height > MAX_REGION_PIXELS) {
    throw new UsageError('readRegion', {
      need: `a region of at most ${MAX_REGION_PIXELS / 1e6} megapixels`,
      found: `${width} x ${height} pixels`,
      next: 'read it in parts or from a smaller level',
    });
  }
}

/** The overlap of two rectangles, or undefined. */
export function overlapOf(a: Region, b: Region): Region | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/**
 * Copies what `from` (pixels of the rectangle `fromRegion`) and `to` (of `toRegion`) have in common, and only
 * what lies `within`. Pixels are RGB8, row-major; all rectangles share one coordinate system.
 */
export function copyPixels(
  from: Uint8Array,
  fromRegion: Region,
  to: Uint8Array,
  toRegion: Region,
  within: Region = toRegion,
): void {
  const shared = overlapOf(fromRegion, toRegion);
  const common = shared === undefined ? undefined : overlapOf(shared, within);
  if (common === undefined) return;
  const rowBytes = 3 * common.width;
  for (let y = common.y; y < common.y + common.height; y++) {
    const source = 3 * ((y - fromRegion.y) * fromRegion.width + common.x - fromRegion.x);
    const target = 3 * ((y - toRegion.y) * toRegion.width + common.x - toRegion.x);
    to.set(from.subarray(source, source + rowBytes), target);
  }
}

/** One line of text from whatever was thrown. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replace(/\s+/g, ' ').slice(0, 300);
}

/** A file whose pixels cannot be used. */
export function unreadable(path: string, found: string, cause?: unknown): DataError {
  return new DataError('readRegion', {
    need: `readable pixels in ${path}`,
    found,
    next: 'the file is damaged; copy or export it again',
    ...(cause === undefined ? {} : { cause }),
  });
}
