/** Tissue masks that were made elsewhere: a small picture of the slide, white or coloured where tissue is. */
import sharp from 'sharp';
import { DataError } from '../../errors.ts';
import { openImage } from '../image.ts';
import { findParts, scaleContour } from './contours.ts';
import type { Raster } from './raster.ts';
import type { Tissue } from './segment.ts';

/** Slide and mask may differ in proportions by this share before it is taken for the wrong mask. */
const PROPORTION = 0.02;

/**
 * Reads a mask of the whole slide: every pixel that is not black is tissue, in one part per connected area.
 *
 * @param slide size of the slide the mask belongs to.
 * @throws UsageError if there is no readable file; DataError if it is no picture or has other proportions.
 */
export async function readMaskTissue(
  path: string,
  slide: { widthPx: number; heightPx: number },
): Promise<Tissue> {
  const mask = await readMask(path);
  const scaleX = slide.widthPx / mask.width;
  const scaleY = slide.heightPx / mask.height;
  const rounding = 1 / Math.min(mask.width, mask.height);
  if (Math.abs(scaleX / scaleY - 1) > PROPORTION + rounding) {
    throw new DataError('readMaskTissue', {
      need: `a mask with the proportions of the slide (${slide.widthPx} x ${slide.heightPx} pixels)`,
      found: `${path} of ${mask.width} x ${mask.height} pixels`,
      next: 'use the mask of this slide, uncropped',
    });
  }
  const parts = findParts(mask).map(({ outline, holes }) => ({
    outline: scaleContour(outline, scaleX, scaleY),
    holes: holes.map((hole) => scaleContour(hole, scaleX, scaleY)),
  }));
  const found = { parts, offsetX: scaleX / 2, offsetY: scaleY / 2, origin: `mask ${path}` };
  return parts.length > 0 ? found : { ...found, reason: `${path} is black everywhere` };
}

async function readMask(path: string): Promise<Raster> {
  const image = await openImage(path);
  const { widthPx: width, heightPx: height } = image;
  try {
    const pixels = await image.readRegion({ x: 0, y: 0, width, height });
    const data = new Uint8Array(width * height);
    for (let i = 0; i < data.length; i++) {
      data[i] = pixels[3 * i]! || pixels[3 * i + 1]! || pixels[3 * i + 2]! ? 1 : 0;
    }
    return { data, width, height };
  } finally {
    await image.close();
  }
}

/** A mask as PNG: 255 where it is set. */
export function maskPng({ data, width, height }: Raster): Promise<Buffer> {
  const grey = Uint8Array.from(data, (value) => (value === 0 ? 0 : 255));
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}
