/** Marks of felt-tip pens and black frames, by colour. */
import type { Picture } from '../pixels.ts';
import type { Raster } from './raster.ts';
import { hsv } from './saturation.ts';

/** Pixel size at which ink is looked for: nuclei blend with what is around them, ink does not. */
export const INK_MPP = 8;

/**
 * Mask of the pixels that have a colour of ink and not of H&E: strong blue, green, strong red, or black.
 * Meant for pictures of about {@link INK_MPP} um per pixel.
 *
 * The limits were set on real sections: at 8 um per pixel no field of 112 um of six human breast sections
 * stained dark blue and of nine colorectal tiles holds more than 17 % such pixels.
 */
export function inkMask({ pixels, widthPx: width, heightPx: height }: Picture): Raster {
  const data = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < data.length; i++, at += 3) {
    data[i] = isInk(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!) ? 1 : 0;
  }
  return { data, width, height };
}

function isInk(r: number, g: number, b: number): boolean {
  const [h, s, v] = hsv(r, g, b);
  if (h >= 90 && h <= 116 && s > 150) return true;
  if (h >= 35 && h < 90 && s > 60) return true;
  if ((h <= 8 || h >= 174) && s > 180 && v > 120) return true;
  return v < 60 && Math.max(r, g, b) - Math.min(r, g, b) < 30;
}
