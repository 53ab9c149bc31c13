/** Regions of one TIFF level, put together from the chunks they touch. */
import { copyPixels, overlapOf } from '../pixels.ts';
import type { Region } from '../slide-image.ts';
import type { ChunkReader } from './chunk-reader.ts';
import type { TileCache } from './tile-cache.ts';
import type { WorkLimit } from './work-limit.ts';

/** One level: a single colour picture, or three grey pictures that are red, green and blue. */
export interface LevelReaderOptions {
  /** Tells the level's tiles from others in the cache. */
  readonly key: string;
  readonly parts: readonly ChunkReader[];
  readonly cache: TileCache;
  /** Bounds the chunks that are decoded at a time in the whole slide. */
  readonly limit: WorkLimit;
}

/** Reads regions of a level; only the chunks they touch are decoded. */
export class LevelReader {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #options: LevelReaderOptions;

  constructor(options: LevelReaderOptions) {
    this.#options = options;
    this.widthPx = options.parts[0]!.widthPx;
    this.heightPx = options.parts[0]!.heightPx;
  }

  /** RGB8 of a region in the level's pixels, white outside the level. */
  async read(region: Region): Promise<Uint8Array> {
    const { cache, key, parts, limit } = this.#options;
    const first = parts[0]!;
    const out = new Uint8Array(3 * region.width * region.height);
    const level = { x: 0, y: 0, width: this.widthPx, height: this.heightPx };
    const inside = overlapOf(region, level);
    if (inside?.width !== region.width || inside.height !== region.height) out.fill(255);
    if (inside === undefined) return out;
    const columns = span(inside.x, inside.width, first.chunkWidthPx);
    const rows = span(inside.y, inside.height, first.chunkHeightPx);
    await runAll(columns.count * rows.count, limit.size, async (i) => {
      const column = columns.first + (i % columns.count);
      const row = rows.first + Math.floor(i / columns.count);
      const tile = await cache.get(`${key}/${column}/${row}`, () =>
        limit.run(() => readMerged(parts, column, row)),
      );
      // Tiles reach beyond the picture's border; what lies there is no picture.
      copyPixels(tile, first.regionOf(column, row), out, region, level);
    });
    return out;
  }
}

/** Chunks along one axis that a stretch of pixels touches. */
function span(start: number, length: number, chunk: number): { first: number; count: number } {
  const first = Math.floor(start / chunk);
  return { first, count: Math.floor((start + length - 1) / chunk) - first + 1 };
}

async function readMerged(parts: readonly ChunkReader[], column: number, row: number): Promise<Uint8Array> {
  const [first, ...others] = parts;
  const merged = await first!.read(column, row);
  for (const [i, part] of others.entries()) {
    const plane = await part.read(column, row);
    for (let at = i + 1; at < merged.length; at += 3) merged[at] = plane[at]!;
  }
  return merged;
}

/** Runs job 0, 1, ... in order, `width` at a time; after a failure no further one is started. */
async function runAll(count: number, width: number, job: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await job(next++);
  };
  const workers = Array.from({ length: Math.min(width, count) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    next = count;
    await Promise.allSettled(workers);
    throw error;
  }
}
