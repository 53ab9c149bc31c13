/** Mixing a picture with a plainer version of itself: brightness, contrast and saturation. All change it in place. */

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

function mapBytes(pixels: Uint8ClampedArray, table: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i]!]!;
}

/** Mixes with `grey`: every sample goes to `grey + factor * (sample - grey)`. */
function blendWithGrey(pixels: Uint8ClampedArray, grey: number, factor: number): void {
  const factor32 = Math.fround(factor);
  mapBytes(
    pixels,
    Uint8Array.from({ length: 256 }, (_, value) => blend(grey, value, factor32)),
  );
}

/** Scales all samples by `factor` >= 0; 1 changes nothing. */
export function adjustBrightness(pixels: Uint8ClampedArray, factor: number): void {
  blendWithGrey(pixels, 0, factor);
}

/** Scales all differences from the picture's mean luma (rounded to an integer) by `factor` >= 0. */
export function adjustContrast(pixels: Uint8ClampedArray, factor: number): void {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += luma(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!);
  blendWithGrey(pixels, Math.floor(sum / (pixels.length / 3) + 0.5), factor);
}

/** Scales every pixel's differences from its own luma by `factor` >= 0; 0 gives grey. */
export function adjustSaturation(pixels: Uint8ClampedArray, factor: number): void {
  const factor32 = Math.fround(factor);
  const scaled = Float32Array.from({ length: 511 }, (_, i) => factor32 * (i - 255));
  for (let i = 0; i < pixels.length; i += 3) {
    const red = pixels[i]!;
    const green = pixels[i + 1]!;
    const blue = pixels[i + 2]!;
    const grey = luma(red, green, blue);
    const zero = 255 - grey;
    // Float32 sum, cut to an integer; clamped by the store.
    pixels[i] = Math.fround(grey + scaled[zero + red]!) | 0;
    pixels[i + 1] = Math.fround(grey + scaled[zero + green]!) | 0;
    pixels[i + 2] = Math.fround(grey + scaled[zero + blue]!) | 0;
  }
}

/** Replaces every pixel by its luma. */
export function toGrayscale(pixels: Uint8ClampedArray): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = luma(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!);
    pixels[i] = grey;
    pixels[i + 1] = grey;
    pixels[i + 2] = grey;
  }
}

/** Inverts samples that are at least `threshold`. */
export function solarize(pixels: Uint8ClampedArray, threshold: number): void {
  mapBytes(
    pixels,
    Uint8Array.from({ length: 256 }, (_, value) => (value < threshold ? value : 255 - value)),
  );
}
