/** A whole-slide image: one object for every format, whoever reads the pixels. */
import { UsageError } from '../errors.ts';
import { type MppEvidence, type MppTable, reconcileMpp, requireMpp } from './mpp/mpp-table.ts';
import { checkRegion, type Picture } from './pixels.ts';
import type { PyramidSource, SlideLevel } from './pyramid-source.ts';
import { readResampled } from './shrink.ts';
import type { Region, SlideImage, Thumbnail } from './slide-image.ts';

/** How finely a region is wanted: a level of the slide, micrometres per pixel, or a size in pixels. */
export type Resolution =
  | { readonly level: number }
  | { readonly mpp: number }
  | { readonly widthPx: number; readonly heightPx: number };

/**
 * An open slide. All regions are in level-0 pixels, so that coordinates mean the same whatever resolution is
 * read. Several reads may run at a time; only the tiles they touch are decoded.
 */
export interface WholeSlide extends SlideImage {
  /** Who reads the pixels; `image` for a plain picture that was decoded into memory. */
  readonly reader: PyramidSource['reader'];
  readonly format: string;
  /** From level 0 (full size) to the smallest. */
  readonly levels: readonly SlideLevel[];
  /** Every statement about the pixel size; `mpp` is its outcome and absent where it is not certain. */
  readonly mppTable: MppTable;
  /** Fields of the file, such as `aperio.AppMag`. May hold names and dates of a patient's slide. */
  readonly properties: ReadonlyMap<string, string>;
  /** Pictures beside the scan: `label`, `macro`, `thumbnail`. The label may name the patient. */
  readonly associatedNames: readonly string[];
  /**
   * A region at some resolution, from the smallest level that is fine enough. Its place is rounded to whole
   * pixels of that level, less than half a pixel of the result.
   * @throws UsageError for an unknown level or an empty region; DataError if `mpp` is asked for and the
   *         slide's own is not certain, or if tiles are damaged.
   */
  readScaled(region: Region, at: Resolution): Promise<Picture>;
  /** RGB8 of a region in pixels of that level, exactly as stored. */
  readLevel(level: number, region: Region): Promise<Uint8Array>;
  readAssociated(name: string): Promise<Picture>;
}

/** Makes a slide of an open file. `mpp` is the user's pixel size, which wins over all evidence. */
export function slideFromSource(
  source: PyramidSource,
  mpp?: number,
  evidence: readonly MppEvidence[] = [],
): WholeSlide {
  return new PyramidSlide(source, reconcileMpp([...evidence, ...source.mppEvidence], mpp));
}

/** The level to read for a wanted downsample: the smallest picture that is still at least as fine. */
export function levelFor(levels: readonly SlideLevel[], downsample: number): number {
  let best = 0;
  // Stated downsamples are rounded: 4.0003 serves a wanted 4.
  for (const [i, level] of levels.entries()) if (level.downsample <= downsample * 1.001) best = i;
  return best;
}

class PyramidSlide implements WholeSlide {
  readonly mppTable: MppTable;
  readonly mpp?: number;
  readonly #source: PyramidSource;
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(source: PyramidSource, table: MppTable) {
    this.#source = source;
    this.mppTable = table;
    if (table.mpp !== undefined) this.mpp = table.mpp;
  }

  get path(): string {
    return this.#source.path;
  }
  get reader(): PyramidSource['reader'] {
    return this.#source.reader;
  }
  get format(): string {
    return this.#source.format;
  }
  get levels(): readonly SlideLevel[] {
    return this.#source.levels;
  }
  get properties(): ReadonlyMap<string, string> {
    return this.#source.properties;
  }
  get associatedNames(): readonly string[] {
    return this.#source.associatedNames;
  }
  get widthPx(): number {
    return this.levels[0]!.widthPx;
  }
  get heightPx(): number {
    return this.levels[0]!.heightPx;
  }

  readRegion(region: Region): Promise<Uint8Array> {
    return this.readLevel(0, region);
  }

  async readLevel(level: number, region: Region): Promise<Uint8Array> {
    this.#levelAt(level);
    checkRegion(region);
    return this.#track('readRegion', () => this.#source.readLevel(level, region));
  }

  async readScaled(region: Region, at: Resolution): Promise<Picture> {
    if (!(region.width > 0 && region.height > 0 && Number.isFinite(region.x + region.y))) checkRegion(region);
    const size = this.#targetSize(region, at);
    const wanted = Math.min(region.width / size.widthPx, region.height / size.heightPx);
    const level = 'level' in at ? at.level : levelFor(this.levels, wanted);
    const { downsample } = this.levels[level]!;
    const scaled = {
      x: Math.round(region.x / downsample),
      y: Math.round(region.y / downsample),
      width: Math.max(1, Math.round(region.width / downsample)),
      height: Math.max(1, Math.round(region.height / downsample)),
    };
    checkRegion({ x: 0, y: 0, width: size.widthPx, height: size.heightPx });
    const read = async (part: Region) => {
      checkRegion(part);
      return this.#source.readLevel(level, part);
    };
    return this.#track('readScaled', () => readResampled(read, scaled, size));
  }

  async readThumbnail(maxSidePx: number): Promise<Thumbnail> {
    if (!(Number.isInteger(maxSidePx) && maxSidePx >= 1)) {
      throw new UsageError('readThumbnail', {
        need: 'maxSidePx as a positive integer',
        found: `${maxSidePx}`,
      });
    }
    const { widthPx: width, heightPx: height } = this;
    const scale = Math.min(1, maxSidePx / Math.max(width, height));
    const size = {
      widthPx: Math.max(1, Math.round(width * scale)),
      heightPx: Math.max(1, Math.round(height * scale)),
    };
    return { ...(await this.readScaled({ x: 0, y: 0, width, height }, size)), scale };
  }

  readAssociated(name: string): Promise<Picture> {
    return this.#track('readAssociated', () => this.#source.readAssociated(name));
  }

  /** Waits for reads that run, then frees the file. */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#source.close());
    return this.#closed;
  }

  #levelAt(level: number): SlideLevel {
    const found = this.levels[level];
    if (found !== undefined) return found;
    throw new UsageError('readRegion', {
      need: `a level from 0 to ${this.levels.length - 1} of ${this.path}`,
      found: `${level}`,
    });
  }

  #targetSize(region: Region, at: Resolution): { widthPx: number; heightPx: number } {
    if ('widthPx' in at) return { widthPx: at.widthPx, heightPx: at.heightPx };
    const factor = 'level' in at ? this.#levelAt(at.level).downsample : this.#factorOf(at.mpp);
    return {
      widthPx: Math.max(1, Math.round(region.width / factor)),
      heightPx: Math.max(1, Math.round(region.height / factor)),
    };
  }

  #factorOf(mpp: number): number {
    if (Number.isFinite(mpp) && mpp > 0) return mpp / requireMpp(this.path, this.mppTable);
    throw new UsageError('readScaled', { need: 'mpp as a number above 0', found: `${mpp}` });
  }

  async #track<T>(operation: string, read: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) {
      throw new UsageError(operation, { need: 'an open slide', found: `${this.path} already closed` });
    }
    const running = read();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}
