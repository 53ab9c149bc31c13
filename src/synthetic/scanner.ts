/** What a scanner adds to the light through a slide: resolution, tone curve and noise, different for every study. */
import sharp from 'sharp';
import { Rng } from '../core/rng.ts';
import { latticeValue } from './smooth-noise.ts';

/** One scanner. */
export interface ScannerStyle {
  /** Distance of the sensor's samples in micrometres; finer detail is lost. */
  readonly sampleUm: number;
  /** Standard deviation of the focus blur in micrometres, on top of the stain's own. */
  readonly blurUm: number;
  /** Exponent of the tone curve; 1 changes nothing. */
  readonly gamma: number;
  /** Standard deviation of the noise in grey levels. */
  readonly noise: number;
}

/** A study's scanner, another for every seed. */
export function scannerStyle(seed: string): ScannerStyle {
  const rng = new Rng(`${seed}/sensor`);
  return {
    sampleUm: rng.uniform(0.8, 1.5),
    blurUm: rng.uniform(0.3, 1.3),
    gamma: rng.uniform(0.75, 1.35),
    noise: rng.uniform(0.5, 6),
  };
}

/**
 * Passes a picture through a scanner: blur, coarser samples and back, tone curve, noise.
 *
 * @param pixels RGB8, row-major [heightPx, widthPx, 3].
 * @param mpp micrometres per pixel of `pixels`.
 * @returns RGB8 of the same size.
 */
export async function scanPicture(
  pixels: Buffer,
  { widthPx, heightPx, mpp }: { readonly widthPx: number; readonly heightPx: number; readonly mpp: number },
  { sampleUm, blurUm, gamma, noise }: ScannerStyle,
  seed: number,
): Promise<Buffer> {
  const raw = { width: widthPx, height: heightPx, channels: 3 as const };
  const share = Math.min(1, mpp / sampleUm);
  const [width, height] = [Math.round(share * widthPx), Math.round(share * heightPx)];
  const coarse = await sharp(pixels, { raw })
    .blur(Math.max(0.3, blurUm / mpp))
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer();
  const sampled = await sharp(coarse, { raw: { width, height, channels: 3 } })
    .resize(widthPx, heightPx, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  const tone = Float64Array.from({ length: 256 }, (_, value) => 255 * (value / 255) ** gamma);
  const out = new Uint8ClampedArray(sampled.length);
  for (let i = 0; i < out.length; i++) {
    // Triangular noise in [-1, 1]; its standard deviation is 0.41.
    const grain = latticeValue(seed, i, 3) - latticeValue(seed, i, 4);
    out[i] = tone[sampled[i]!]! + (noise / 0.41) * grain;
  }
  return Buffer.from(out.buffer);
}
