/** Opens plain images (JPEG, PNG, TIFF, WebP ...) as {@link SlideImage}s, decoded once into memory. */
import { stat } from 'node:fs/promises';
import sharp, { type Metadata } from 'sharp';
import { DataError, isMvHybridError, UsageError } from '../errors.ts';
import { imageFromPixels } from './memory-image.ts';
import { readResolutionMpp } from './resolution-tags.ts';
import type { SlideImage } from './slide-image.ts';

export type { Region, SlideImage, Thumbnail } from './slide-image.ts';

/** Largest image that is decoded into memory: 600 megapixels, 1.8 GB of RGB8. */
export const MAX_DECODED_PIXELS = 600_000_000;

/** Options of {@link openImage}. */
export interface OpenImageOptions {
  /** Refuse images with more pixels; default {@link MAX_DECODED_PIXELS}. */
  readonly maxPixels?: number;
}

/**
 * Opens an image and decodes it once to RGB8 (3 bytes per pixel stay in memory until `close()`), so hold
 * one section at a time.
 *
 * Grey, 16-bit and CMYK samples become 8-bit sRGB; 16 bit keeps the high byte; transparency is laid on
 * white; the first page of a multi-page file is used. Embedded colour profiles and EXIF rotation are NOT
 * applied: spot coordinates refer to stored pixels, and the patches that public encoders and benchmarks
 * are made from ignore profiles as well. `mpp` is set as {@link readResolutionMpp} describes.
 *
 * @throws UsageError if there is no readable file at `path`.
 * @throws DataError  if the file is no image, is corrupt, truncated or too large, or holds other than
 *                    8/16-bit grey, RGB(A) or CMYK samples.
 */
export async function openImage(path: string, options: OpenImageOptions = {}): Promise<SlideImage> {
  await checkFile(path);
  const maxPixels = options.maxPixels ?? MAX_DECODED_PIXELS;
  try {
    // Pixels are counted below, where the message can name the size.
    const input = sharp(path, { failOn: 'error', limitInputPixels: false, ignoreIcc: true });
    checkKind(path, await input.metadata(), maxPixels);
    const { data, info } = await input
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const mpp = await readResolutionMpp(path);
    const size = { widthPx: info.width, heightPx: info.height };
    return imageFromPixels({ pixels: data, path, ...size, ...(mpp === undefined ? {} : { mpp }) });
  } catch (error) {
    if (isMvHybridError(error)) throw error;
    throw new DataError('openImage', {
      need: 'a complete JPEG, PNG, TIFF or WebP image',
      found: `${path} that cannot be decoded (${oneLine(error)})`,
      next: 'copy or export the file again',
      cause: error,
    });
  }
}

async function checkFile(path: string): Promise<void> {
  const need = 'a readable image file';
  const next = 'check the path';
  const info = await stat(path).catch((cause: unknown) => {
    throw new UsageError('openImage', { need, found: `nothing readable at ${path}`, next, cause });
  });
  if (!info.isFile()) throw new UsageError('openImage', { need, found: `no regular file at ${path}`, next });
}

function checkKind(path: string, metadata: Metadata, maxPixels: number): void {
  const { width, height, depth, space, channels } = metadata;
  if (width * height > maxPixels) {
    throw new DataError('openImage', {
      need: `at most ${maxPixels / 1e6} megapixels`,
      found: `${path} of ${width} x ${height} pixels`,
      next: 'crop or shrink the image and scale the spot coordinates with it',
    });
  }
  const known = ['srgb', 'rgb', 'rgb16', 'b-w', 'grey16', 'cmyk'].includes(space);
  if (known && (depth === 'uchar' || depth === 'ushort') && channels <= 5) return;
  throw new DataError('openImage', {
    need: 'a grey, RGB or CMYK image with 8 or 16 bits per sample',
    found: `${path} with ${channels} channels of type ${depth} (${space})`,
    next: 'export it as 8-bit RGB',
  });
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replace(/\s+/g, ' ');
}
