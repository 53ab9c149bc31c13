/** Mixing a picture with a plainer version of itself: brightness, contrast and saturation. All change it in place. */

/** Pixels of a crop: RGB8, three bytes per pixel, in any order of pixels. */
export type RgbBytes = Uint8Array | Uint8ClampedArray;

/**
 * `from + factor * (to - from)` in float32, clamped to 0..255 and cut (not rounded) to an integer.
 *
 * @source Pillow's `Image.blend` on 8-bit samples.
 */
function blend(from: number, to: number, factor: number): number {
  const mixed = Math.fround(from + Math.fround(factor * (to - from)));
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : Math.trunc(mixed);
}

/** Luma with the weights 0.299, 0.587, 0.114 in 16-bit fixed point, rounded. */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
}

function mapBytes(pixels: RgbBytes, table: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i]!]!;
}

/** Mixes with `grey`: every sample goes to `grey + factor * (sample - grey)`. */
function blendWithGrey(pixels: RgbBytes, grey: number, factor: number): void {
  const factor32 = Math.fround(factor);
  mapBytes(
    pixels,
    Uint8Array.from({ length: 256 }, (_, value) => blend(grey, value, factor32)),
  );
}

/** Scales all samples by `factor` >= 0; 1 changes nothing. */
export function adjustBrightness(pixels: RgbBytes, factor: number): void {
  blendWithGrey(pixels, 0, factor);
}

/** Scales all differences from the picture's mean luma (rounded to an integer) by `factor` >= 0. */
export function adjustContrast(pixels: RgbBytes, factor: number): void {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += luma(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!);
  blendWithGrey(pixels, Math.floor(sum / (pixels.length / 3) + 0.5), factor);
}

/** Scales every pixel's differences from its own luma by `factor` >= 0; 0 gives grey. */
export function adjustSaturation(pixels: RgbBytes, factor: number): void {
  const factor32 = Math.fround(factor);
  const scaled = Float32Array.from({ length: 511 }, (_, i) => factor32 * (i - 255));
  const mix = (grey: number, value: number): number => {
    const mixed = Math.fround(grey + scaled[value - grey + 255]!);
    return mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed | 0;
  };
  for (let i = 0; i < pixels.length; i += 3) {
    const red = pixels[i]!;
    const green = pixels[i + 1]!;
    const blue = pixels[i + 2]!;
    const grey = luma(red, green, blue);
    pixels[i] = mix(grey, red);
    pixels[i + 1] = mix(grey, green);
    pixels[i + 2] = mix(grey, blue);
  }
}

/** Replaces every pixel by its luma. */
export function toGrayscale(pixels: RgbBytes): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = luma(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!);
    pixels[i] = grey;
    pixels[i + 1] = grey;
    pixels[i + 2] = grey;
  }
}

/** Inverts samples that are at least `threshold`. */
export function solarize(pixels: RgbBytes, threshold: number): void {
  mapBytes(
    pixels,
    Uint8Array.from({ length: 256 }, (_, value) => (value < threshold ? value : 255 - value)),
  );
}
