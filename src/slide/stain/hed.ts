/** Separation into haematoxylin, eosin and DAB with fixed stain colours. */
import { invert, type Matrix3, multiply } from './linear.ts';

/** Optical densities of red, green and blue (columns) per unit of haematoxylin, eosin and DAB (rows). */
const RGB_FROM_HED: Matrix3 = [0.65, 0.7, 0.29, 0.07, 0.99, 0.11, 0.27, 0.57, 0.78];
const TRANSPOSED: Matrix3 = [0.65, 0.07, 0.27, 0.7, 0.99, 0.57, 0.29, 0.11, 0.78];
const HED_FROM_RGB = invert(TRANSPOSED);
const FLOOR = 1e-6;
const LOG_FLOOR = Math.log(FLOOR);

/**
 * Amounts of haematoxylin, eosin and DAB per pixel; negative amounts are set to 0.
 *
 * @param pixels RGB8, 3 bytes per pixel.
 * @returns      three numbers per pixel; the unit is log(1e-6), as in scikit-image.
 * @source Ruifrok and Johnston 2001.
 */
export function hedFromRgb(pixels: Uint8Array): Float64Array {
  const out = new Float64Array(pixels.length);
  const density = (value: number) => Math.log(Math.max(value / 255, FLOOR)) / LOG_FLOOR;
  for (let i = 0; i < pixels.length; i += 3) {
    const amounts = multiply(HED_FROM_RGB, [
      density(pixels[i]!),
      density(pixels[i + 1]!),
      density(pixels[i + 2]!),
    ]);
    for (let c = 0; c < 3; c++) out[i + c] = Math.max(0, amounts[c]!);
  }
  return out;
}

/**
 * Colours of given amounts of haematoxylin, eosin and DAB.
 *
 * @returns values from 0 to 255, not rounded.
 */
export function rgbFromHed(amounts: Float64Array): Float64Array {
  const out = new Float64Array(amounts.length);
  for (let i = 0; i < amounts.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      const density =
        amounts[i]! * RGB_FROM_HED[c]! +
        amounts[i + 1]! * RGB_FROM_HED[3 + c]! +
        amounts[i + 2]! * RGB_FROM_HED[6 + c]!;
      out[i + c] = 255 * Math.min(1, Math.exp(density * LOG_FLOOR));
    }
  }
  return out;
}
