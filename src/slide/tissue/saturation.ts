/** Saturation and hue of RGB8 pixels, in OpenCV's 8-bit scaling. */

/** 255 / v and 30 / d in 12-bit fixed point: the rounding that decides single pixels at a threshold. */
const PER_VALUE = Int32Array.from({ length: 256 }, (_, v) => (v === 0 ? 0 : Math.round((255 * 4096) / v)));
const PER_RANGE = Int32Array.from({ length: 256 }, (_, d) => (d === 0 ? 0 : Math.round((30 * 4096) / d)));
const HALF = 2048;

/**
 * Saturation 255 * (max - min) / max of every pixel, 0 for black.
 *
 * @param pixels RGB8, 3 bytes per pixel.
 * @returns      one byte per pixel.
 * @source HSV of 8-bit images as OpenCV defines it; equal to OpenCV 4.6 for all 2^24 colours.
 */
export function saturation(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array(pixels.length / 3);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    const r = pixels[at]!;
    const g = pixels[at + 1]!;
    const b = pixels[at + 2]!;
    const max = Math.max(r, g, b);
    const min = Math.min(r, g, b);
    out[i] = ((max - min) * PER_VALUE[max]! + HALF) >> 12;
  }
  return out;
}

/** Hue 0 to 179 (2 degrees a step), saturation and value 0 to 255 of one pixel. */
export function hsv(r: number, g: number, b: number): [h: number, s: number, v: number] {
  const v = Math.max(r, g, b);
  const range = v - Math.min(r, g, b);
  const s = (range * PER_VALUE[v]! + HALF) >> 12;
  const sector = v === r ? g - b : v === g ? b - r + 2 * range : r - g + 4 * range;
  const h = (sector * PER_RANGE[range]! + HALF) >> 12;
  return [h < 0 ? h + 180 : h, s, v];
}
