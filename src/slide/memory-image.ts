/** An image whose pixels are all in memory. */
import sharp from 'sharp';
import { UsageError } from '../errors.ts';
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
    return copyRegion(this.#open('readRegion'), this.widthPx, this.heightPx, region);
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

function checkRegion({ x, y, width, height }: Region): void {
  const whole = [x, y, width, height].every(Number.isSafeInteger);
  if (whole && width > 0 && height > 0) return;
  throw new UsageError('readRegion', {
    need: 'whole pixel numbers with width and height above 0',
    found: `x ${x}, y ${y}, width ${width}, height ${height}`,
  });
}

/** Row-wise copy; only regions that reach outside the image are painted white first. */
function copyRegion(pixels: Uint8Array, imageWidth: number, imageHeight: number, region: Region): Uint8Array {
  const { x, y, width, height } = region;
  const left = Math.max(0, x);
  const right = Math.min(imageWidth, x + width);
  const top = Math.max(0, y);
  const bottom = Math.min(imageHeight, y + height);
  const out = new Uint8Array(3 * width * height);
  const inside = left === x && top === y && right === x + width && bottom === y + height;
  if (!inside) out.fill(255);
  if (right <= left) return out;
  for (let row = top; row < bottom; row++) {
    const from = 3 * (row * imageWidth + left);
    const to = 3 * ((row - y) * width + (left - x));
    out.set(pixels.subarray(from, from + 3 * (right - left)), to);
  }
  return out;
}
