/** Writes pyramidal tiled TIFFs of any size with bounded memory. */
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import sharp from 'sharp';
import { writeAtomically } from '../../core/atomic-file.ts';
import { UsageError } from '../../errors.ts';
import type { SlideLevel } from '../pyramid-source.ts';
import { directoryBytes, type Field, headerBytes, offsetBytes, textField } from './directory-bytes.ts';
import { halveRows } from './halve.ts';
import { TAG } from './tags.ts';

const deflateAsync = promisify(deflate);

/** A slide to be written. */
export interface PyramidSpec {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Rows `y` to `y + rows` over the whole width, RGB8; asked for once each, from top to bottom. */
  readonly readRows: (y: number, rows: number) => Promise<Uint8Array> | Uint8Array;
  /** Micrometres per pixel, written as pixels per centimetre. */
  readonly mpp?: number;
  /** ImageDescription of level 0. */
  readonly description?: string;
  /** Default `jpeg`. */
  readonly compression?: 'jpeg' | 'deflate' | 'none';
  /** JPEG quality, 1 to 100; default 85. */
  readonly quality?: number;
  /** Side of a tile, a multiple of 16; default 256. */
  readonly tilePx?: number;
  /** Default: BigTIFF where the file might pass 4 GB. */
  readonly bigTiff?: boolean;
  /** Called after every row of level-0 tiles. */
  readonly onProgress?: (doneRows: number, heightPx: number) => void;
  readonly signal?: AbortSignal;
}

/** One level while it is being written. */
interface Level {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Rows of the tile row that is being filled. */
  readonly band: Uint8Array;
  filledRows: number;
  doneRows: number;
  readonly offsets: number[];
  readonly byteCounts: number[];
}

/**
 * Writes the file under a temporary name and renames it when it is complete. Memory is two rows of level-0
 * tiles; each level is the 2 x 2 average of the one before, down to a level of one tile.
 *
 * @throws UsageError if a size or setting is out of range; the signal's reason if it is aborted.
 */
export async function writePyramid(path: string, spec: PyramidSpec): Promise<SlideLevel[]> {
  checkSpec(spec);
  let levels: Level[] = [];
  await writeAtomically(path, async (temporary) => {
    const handle = await open(temporary, 'w');
    try {
      levels = await new PyramidWriter(handle, spec).write();
    } finally {
      await handle.close();
    }
  });
  return levels.map(({ widthPx, heightPx }) => ({
    widthPx,
    heightPx,
    downsample: (spec.widthPx / widthPx + spec.heightPx / heightPx) / 2,
  }));
}

function checkSpec(spec: PyramidSpec): void {
  const { widthPx, heightPx, tilePx = 256, quality = 85, mpp = 1 } = spec;
  const sides = [widthPx, heightPx].every((side) => Number.isInteger(side) && side >= 1 && side <= 2 ** 24);
  const tile = Number.isInteger(tilePx / 16) && tilePx >= 16 && tilePx <= 4096;
  if (sides && tile && quality >= 1 && quality <= 100 && mpp > 0) return;
  throw new UsageError('writePyramid', {
    need: 'sides from 1 to 2^24, tilePx a multiple of 16 up to 4096, quality from 1 to 100, mpp above 0',
    found: `${widthPx} x ${heightPx}, tilePx ${tilePx}, quality ${quality}, mpp ${mpp}`,
  });
}

class PyramidWriter {
  readonly #handle: FileHandle;
  readonly #spec: PyramidSpec;
  readonly #tilePx: number;
  readonly #big: boolean;
  readonly #levels: Level[] = [];
  #position: number;

  constructor(handle: FileHandle, spec: PyramidSpec) {
    this.#handle = handle;
    this.#spec = spec;
    this.#tilePx = spec.tilePx ?? 256;
    // A pyramid is 4/3 of its base.
    this.#big = spec.bigTiff ?? spec.widthPx * spec.heightPx * 3 * 1.4 > 4e9;
    this.#position = headerBytes(0, this.#big).length;
    let { widthPx, heightPx } = spec;
    for (;;) {
      const band = new Uint8Array(3 * widthPx * this.#tilePx);
      this.#levels.push({ widthPx, heightPx, band, filledRows: 0, doneRows: 0, offsets: [], byteCounts: [] });
      if (Math.max(widthPx, heightPx) <= this.#tilePx || Math.min(widthPx, heightPx) < 2) break;
      widthPx = Math.floor(widthPx / 2);
      heightPx = Math.floor(heightPx / 2);
    }
  }

  async write(): Promise<Level[]> {
    const { heightPx, widthPx, readRows, onProgress, signal } = this.#spec;
    for (let y = 0; y < heightPx; y += this.#tilePx) {
      signal?.throwIfAborted();
      const rows = Math.min(this.#tilePx, heightPx - y);
      const pixels = await readRows(y, rows);
      if (pixels.length !== 3 * widthPx * rows) {
        throw new UsageError('writePyramid', {
          need: `${3 * widthPx * rows} bytes for ${rows} rows`,
          found: `${pixels.length}`,
        });
      }
      await this.#fill(0, pixels, rows);
      onProgress?.(y + rows, heightPx);
    }
    await this.#writeDirectories();
    return this.#levels;
  }

  /** Adds rows to a level and, once a tile row is full, writes it and hands its average down. */
  async #fill(index: number, pixels: Uint8Array, rows: number): Promise<void> {
    const level = this.#levels[index];
    if (level === undefined) return;
    // What rounding down left over below the last row is dropped.
    const kept = Math.min(rows, level.heightPx - level.doneRows - level.filledRows);
    if (kept <= 0) return;
    level.band.set(pixels.subarray(0, 3 * level.widthPx * kept), 3 * level.widthPx * level.filledRows);
    level.filledRows += kept;
    const isLast = level.doneRows + level.filledRows === level.heightPx;
    if (level.filledRows < this.#tilePx && !isLast) return;
    const { filledRows, widthPx, band } = level;
    await this.#writeTileRow(level);
    level.doneRows += filledRows;
    level.filledRows = 0;
    const next = this.#levels[index + 1];
    if (next === undefined || filledRows < 2) return;
    const halved = halveRows(band, widthPx, filledRows, next.widthPx);
    await this.#fill(index + 1, halved, Math.floor(filledRows / 2));
  }

  async #writeTileRow(level: Level): Promise<void> {
    const columns = Math.ceil(level.widthPx / this.#tilePx);
    for (let first = 0; first < columns; first += 16) {
      const some = Array.from({ length: Math.min(16, columns - first) }, (_, i) =>
        this.#encode(this.#cutTile(level, first + i)),
      );
      for (const bytes of await Promise.all(some)) {
        level.offsets.push(await this.#append(bytes));
        level.byteCounts.push(bytes.length);
      }
    }
  }

  /** A whole tile; border pixels are repeated beyond the picture so that JPEG does not smear white into it. */
  #cutTile({ band, widthPx, filledRows }: Level, column: number): Uint8Array {
    const side = this.#tilePx;
    const tile = new Uint8Array(3 * side * side);
    const left = column * side;
    const columns = Math.min(side, widthPx - left);
    for (let y = 0; y < side; y++) {
      const row = Math.min(y, filledRows - 1);
      const from = 3 * (row * widthPx + left);
      const to = 3 * y * side;
      tile.set(band.subarray(from, from + 3 * columns), to);
      for (let x = columns; x < side; x++)
        tile.copyWithin(to + 3 * x, to + 3 * columns - 3, to + 3 * columns);
    }
    return tile;
  }

  async #encode(tile: Uint8Array): Promise<Uint8Array> {
    const { compression = 'jpeg', quality = 85 } = this.#spec;
    if (compression === 'none') return tile;
    if (compression === 'deflate') return deflateAsync(tile, { level: 6 });
    const raw = { width: this.#tilePx, height: this.#tilePx, channels: 3 as const };
    return sharp(tile, { raw }).jpeg({ quality, chromaSubsampling: '4:2:0' }).toBuffer();
  }

  async #append(bytes: Uint8Array): Promise<number> {
    const at = this.#position;
    await this.#handle.write(bytes, 0, bytes.length, at);
    // Values begin at even positions.
    this.#position += bytes.length + (bytes.length % 2);
    return at;
  }

  async #writeDirectories(): Promise<void> {
    // The position of the first directory stands at the end of the header.
    let linkAt = this.#big ? 8 : 4;
    await this.#handle.write(headerBytes(0, this.#big), 0, undefined, 0);
    for (const [i, level] of this.#levels.entries()) {
      const start = this.#position;
      const { bytes, nextAt } = directoryBytes(this.#fields(level, i), start, this.#big);
      await this.#append(bytes);
      await this.#handle.write(offsetBytes(start, this.#big), 0, undefined, linkAt);
      linkAt = nextAt;
    }
  }

  #fields(level: Level, index: number): Field[] {
    const { mpp, description, compression = 'jpeg' } = this.#spec;
    const jpeg = compression === 'jpeg';
    const wide = this.#big ? 'long8' : 'long';
    const fields: Field[] = [
      { tag: TAG.newSubfileType, type: 'long', values: [index === 0 ? 0 : 1] },
      { tag: TAG.imageWidth, type: 'long', values: [level.widthPx] },
      { tag: TAG.imageLength, type: 'long', values: [level.heightPx] },
      { tag: TAG.bitsPerSample, type: 'short', values: [8, 8, 8] },
      { tag: TAG.compression, type: 'short', values: [{ jpeg: 7, deflate: 8, none: 1 }[compression]] },
      { tag: TAG.photometric, type: 'short', values: [jpeg ? 6 : 2] },
      { tag: TAG.samplesPerPixel, type: 'short', values: [3] },
      { tag: TAG.planarConfiguration, type: 'short', values: [1] },
      { tag: TAG.tileWidth, type: 'long', values: [this.#tilePx] },
      { tag: TAG.tileLength, type: 'long', values: [this.#tilePx] },
      { tag: TAG.tileOffsets, type: wide, values: level.offsets },
      { tag: TAG.tileByteCounts, type: wide, values: level.byteCounts },
    ];
    if (jpeg) fields.push({ tag: TAG.yCbCrSubsampling, type: 'short', values: [2, 2] });
    if (index === 0 && description !== undefined) fields.push(textField(TAG.imageDescription, description));
    if (index === 0 && mpp !== undefined) {
      const perCm = 10_000 / mpp;
      fields.push({ tag: TAG.xResolution, type: 'rational', values: [perCm] });
      fields.push({ tag: TAG.yResolution, type: 'rational', values: [perCm] });
      fields.push({ tag: TAG.resolutionUnit, type: 'short', values: [3] });
    }
    return fields;
  }
}
