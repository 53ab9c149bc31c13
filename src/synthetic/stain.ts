/** How a laboratory's slides look: stain colours, strengths, light and focus. */
import sharp from 'sharp';
import { Rng } from '../core/rng.ts';
import { latticeValue } from './smooth-noise.ts';
import type { TissueRaster } from './tissue-raster.ts';

type Rgb = readonly [number, number, number];

/** Look of one study. */
export interface StainStyle {
  /** Optical density per unit of stain in red, green and blue; unit length. */
  readonly haematoxylin: Rgb;
  readonly eosin: Rgb;
  readonly haematoxylinGain: number;
  readonly eosinGain: number;
  /** Colour of empty glass, 0 to 255. */
  readonly glass: Rgb;
  /** Standard deviation of the focus blur in micrometres. */
  readonly blurUm: number;
  /** Standard deviation of sensor noise in grey levels. */
  readonly noise: number;
}

// Between the published vectors of Ruifrok and Johnston 2001 and the pinker ones that scanners give today.
const BASE_HAEMATOXYLIN: Rgb = [0.63, 0.71, 0.33];
const BASE_EOSIN: Rgb = [0.15, 0.91, 0.38];

/** A study's look: the base colours moved at random, different for every seed. */
export function stainStyle(seed: string): StainStyle {
  const rng = new Rng(`${seed}/stain`);
  const around = (base: Rgb, spread: number): Rgb => {
    const moved = base.map((value) => Math.max(0.02, value + rng.normal(0, spread)));
    const norm = Math.sqrt(moved.reduce((sum, value) => sum + value * value, 0));
    return [moved[0]! / norm, moved[1]! / norm, moved[2]! / norm];
  };
  const light = rng.uniform(233, 247);
  return {
    haematoxylin: around(BASE_HAEMATOXYLIN, 0.05),
    eosin: around(BASE_EOSIN, 0.08),
    haematoxylinGain: rng.uniform(1.25, 1.9),
    eosinGain: rng.uniform(0.7, 1.4),
    glass: [light, light - rng.uniform(0, 8), light - rng.uniform(-3, 5)],
    blurUm: rng.uniform(0.55, 1.25),
    noise: rng.uniform(1, 2.5),
  };
}

/**
 * Light through the stained tissue: glass * exp(-(H * h + E * e)), then sensor noise and focus blur.
 *
 * @returns RGB8, row-major [heightPx, widthPx, 3].
 * @source Beer-Lambert law as used for colour deconvolution, Ruifrok and Johnston 2001.
 */
export async function stainTissue(raster: TissueRaster, style: StainStyle, seed: number): Promise<Buffer> {
  const { widthPx, heightPx, haematoxylin, eosin, mpp } = raster;
  const pixels = new Uint8ClampedArray(3 * widthPx * heightPx);
  for (let at = 0; at < widthPx * heightPx; at++) {
    const h = style.haematoxylinGain * haematoxylin[at]!;
    const e = style.eosinGain * eosin[at]!;
    // Triangular noise in [-1, 1]; its standard deviation is 0.41.
    const grain = latticeValue(seed, at, 1) - latticeValue(seed, at, 2);
    const shift = (style.noise / 0.41) * grain;
    for (let c = 0; c < 3; c++) {
      const density = h * style.haematoxylin[c]! + e * style.eosin[c]!;
      pixels[3 * at + c] = style.glass[c]! * Math.exp(-density) + shift;
    }
  }
  const raw = { width: widthPx, height: heightPx, channels: 3 as const };
  return sharp(pixels, { raw })
    .blur(Math.max(0.3, style.blurUm / mpp))
    .raw()
    .toBuffer();
}
