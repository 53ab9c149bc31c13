/** An image whose pixels are all in memory. */
import sharp from 'sharp';
import { UsageError } from '../errors.ts';
import { checkRegion, copyPixels, overlapOf } from './pixels.ts';
import type { Region, SlideImage, Thumbnail } from './slide-image.ts';

/** Pixels for {@link imageFromPixels}. */
export interface PixelSource {
  /** RGB8, row-major, `3 * widthPx * heightPx` bytes; kept, not copied. */
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Name used in messages. */
  readonly path: string;
  readonly mpp?: number;
}

/**
 * Wraps RGB8 pixels as a {@link SlideImage}.
 *
 * @throws UsageError if the byte count does not fit width and height.
 */
export function imageFromPixels(source: PixelSource): SlideImage {
  const { widthPx, heightPx, pixels } = source;
  const wanted = 3 * widthPx * heightPx;
  if (pixels.length !== wanted || wanted === 0) {
    throw new UsageError('imageFromPixels', {
      need: `${wanted} bytes (RGB8) for ${widthPx} x ${heightPx} pixels, at least 1 x 1`,
      found: `${pixels.length} bytes`,
    });
  }
  return new MemoryImage(source);
}

class MemoryImage implements SlideImage {
  readonly path: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly mpp?: number;
  #pixels: Uint8Array | undefined;

  constructor(source: PixelSource) {
    this.path = source.path;
    this.widthPx = source.widthPx;
    this.heightPx = source.heightPx;
    if (source.mpp !== undefined) this.mpp = source.mpp;
    this.#pixels = source.pixels;
  }

  async readRegion(region: Region): Promise<Uint8Array> {
    checkRegion(region);
    const { widthPx: width, heightPx: height } = this;
    const pixels = this.#open('readRegion');
    const image = { x: 0, y: 0, width, height };
    const out = new Uint8Array(3 * region.width * region.height);
    const inside = overlapOf(region, image);
    // Only regions that reach outside the image are painted white first.
    if (inside?.width !== region.width || inside.height !== region.height) out.fill(255);
    copyPixels(pixels, image, out, region);
    return out;
  }

  async readThumbnail(maxSidePx: number): Promise<Thumbnail> {
    if (!(Number.isInteger(maxSidePx) && maxSidePx >= 1)) {
      throw new UsageError('readThumbnail', {
        need: 'maxSidePx as a positive integer',
        found: `${maxSidePx}`,
      });
    }
    const pixels = this.#open('readThumbnail');
    const scale = Math.min(1, maxSidePx / Math.max(this.widthPx, this.heightPx));
    const widthPx = Math.max(1, Math.round(this.widthPx * scale));
    const heightPx = Math.max(1, Math.round(this.heightPx * scale));
    const raw = { width: this.widthPx, height: this.heightPx, channels: 3 as const };
    const small = await sharp(pixels, { raw, limitInputPixels: false })
      .resize(widthPx, heightPx, { fit: 'fill', kernel: 'cubic' })
      .raw()
      .toBuffer();
    return { pixels: small, widthPx, heightPx, scale };
  }

  async close(): Promise<void> {
    this.#pixels = undefined;
  }

  #open(operation: string): Uint8Array {
    if (this.#pixels !== undefined) return this.#pixels;
    throw new UsageError(operation, { need: 'an open image', found: `${this.path} already closed` });
  }
}
