/** Finds the chunks of a picture in the file and decodes them. */
import { isMvHybridError } from '../../errors.ts';
import { oneLine, unreadable } from '../pixels.ts';
import type { Region } from '../slide-image.ts';
import type { ByteSource } from './byte-source.ts';
import { type ChunkTables, decodeChunk } from './decode-chunk.ts';
import { PHOTOMETRIC, TAG } from './tags.ts';
import { chunkGrid, coloursOf, type TiffImage } from './tiff-image.ts';

/** Rows of an uncompressed strip are read in portions of about this size. */
const PORTION_BYTES = 2 ** 20;

interface ChunkIndex extends ChunkTables {
  readonly offsets: Float64Array;
  readonly byteCounts: Float64Array;
}

/** Chunks of one picture as RGB8. A chunk is a tile, a strip, or some rows of an uncompressed strip. */
export class ChunkReader {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly chunkWidthPx: number;
  readonly chunkHeightPx: number;
  readonly #image: TiffImage;
  readonly #source: ByteSource;
  /** Rows per stored strip where strips are read in portions. */
  readonly #stripRows: number | undefined;
  #index: Promise<ChunkIndex> | undefined;

  constructor(source: ByteSource, image: TiffImage) {
    this.#source = source;
    this.#image = image;
    this.widthPx = image.widthPx;
    this.heightPx = image.heightPx;
    this.chunkWidthPx = image.chunkWidthPx;
    const byRows = image.compression === 1 && !image.tiled && image.predictor === 1;
    const portion = byRows ? portionRows(image, this.#rowBytes()) : image.chunkHeightPx;
    this.#stripRows = portion < image.chunkHeightPx ? image.chunkHeightPx : undefined;
    this.chunkHeightPx = portion;
  }

  /** Where chunk (column, row) lies in the picture; cut at the picture's border. */
  regionOf(column: number, row: number): Region {
    const x = column * this.chunkWidthPx;
    const y = row * this.chunkHeightPx;
    const width = this.#image.tiled ? this.chunkWidthPx : this.widthPx;
    // Tiles are stored whole, the last strip is short.
    const height = this.#image.tiled ? this.chunkHeightPx : Math.min(this.chunkHeightPx, this.heightPx - y);
    return { x, y, width, height };
  }

  /**
   * Decodes chunk (column, row): RGB8 of {@link regionOf}. A chunk that was never written is white.
   *
   * @throws DataError if it cannot be read or decoded.
   */
  async read(column: number, row: number): Promise<Uint8Array> {
    const region = this.regionOf(column, row);
    this.#index ??= this.#readIndex();
    const index = await this.#index;
    const size = { widthPx: region.width, heightPx: region.height };
    try {
      const planes = await this.#planes(index, column, row, region);
      if (planes === undefined) return new Uint8Array(3 * region.width * region.height).fill(255);
      return await decodeChunk(this.#image, planes, size, index);
    } catch (error) {
      if (isMvHybridError(error)) throw error;
      const kind = this.#image.tiled ? 'tile' : 'strip';
      const what = `${kind} ${column}, ${row} of ${region.width} x ${region.height} pixels`;
      throw unreadable(this.#image.path, `${what} that cannot be decoded (${oneLine(error)})`, error);
    }
  }

  #rowBytes(): number {
    const { planar, samples, bits, chunkWidthPx } = this.#image;
    return chunkWidthPx * (planar ? 1 : samples) * (bits / 8);
  }

  async #planes(
    index: ChunkIndex,
    column: number,
    row: number,
    region: Region,
  ): Promise<Uint8Array[] | undefined> {
    const { across, down } = chunkGrid(this.#image);
    const planes: Uint8Array[] = [];
    const count = this.#image.planar ? this.#image.samples : 1;
    for (let plane = 0; plane < count; plane++) {
      const inStrip = this.#stripRows;
      const stored = inStrip === undefined ? row * across + column : Math.floor(region.y / inStrip);
      const at = plane * across * down + stored;
      const [offset, length] = [index.offsets[at]!, index.byteCounts[at]!];
      if (length === 0) return undefined;
      planes.push(await this.#stored(offset, length, region));
    }
    return planes;
  }

  async #stored(offset: number, length: number, region: Region): Promise<Uint8Array> {
    const { compression, chunkHeightPx } = this.#image;
    const rowBytes = this.#rowBytes();
    if (this.#stripRows !== undefined) {
      const wanted = rowBytes * region.height;
      const skip = rowBytes * (region.y % this.#stripRows);
      if (skip + wanted > length) throw new RangeError(`${length} bytes in the strip`);
      return this.#source.read(offset + skip, wanted);
    }
    // No codec here makes data much larger than it was; such a count is damage.
    const most = 2 * rowBytes * chunkHeightPx * this.#image.samples + 65_536;
    if (!(length <= most)) throw new RangeError(`${length} compressed bytes`);
    const bytes = compression === 1 ? Math.min(length, rowBytes * region.height) : length;
    return this.#source.read(offset, bytes);
  }

  async #readIndex(): Promise<ChunkIndex> {
    const { directory, tiled, planar, samples, photometric } = this.#image;
    const offsets = await directory.numbers(tiled ? TAG.tileOffsets : TAG.stripOffsets);
    const byteCounts = await directory.numbers(tiled ? TAG.tileByteCounts : TAG.stripByteCounts);
    const { across, down } = chunkGrid(this.#image);
    const wanted = across * down * (planar ? samples : 1);
    if (offsets === undefined || offsets.length < wanted || (byteCounts?.length ?? 0) < wanted) {
      const counts = `${offsets?.length ?? 0} positions and ${byteCounts?.length ?? 0} lengths`;
      throw unreadable(this.#image.path, `${counts} for ${wanted} tiles or strips`);
    }
    const jpegTables = await directory.raw(TAG.jpegTables);
    const isPalette = photometric === PHOTOMETRIC.palette;
    const palette = isPalette ? await directory.numbers(TAG.colorMap) : undefined;
    if (isPalette && palette?.length !== 768)
      throw unreadable(this.#image.path, 'a palette without 768 values');
    return { offsets, byteCounts: byteCounts!, jpegTables, palette };
  }
}

/** Rows of a strip that are read at a time: any number from a single strip, else a divisor of its rows. */
function portionRows({ chunkHeightPx, heightPx }: TiffImage, rowBytes: number): number {
  let rows = Math.min(chunkHeightPx, Math.max(1, Math.floor(PORTION_BYTES / rowBytes)));
  if (chunkHeightPx < heightPx) while (chunkHeightPx % rows !== 0) rows--;
  return rows;
}

/** True where several grey pictures can be read as the planes of one colour picture. */
export function isGreyPlane(image: TiffImage): boolean {
  return (
    coloursOf(image.photometric) === 1 && image.samples === 1 && image.photometric !== PHOTOMETRIC.palette
  );
}
