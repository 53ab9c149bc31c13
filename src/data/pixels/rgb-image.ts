/** 8-bit colour pictures in memory: as patch sources deliver them, and as cropping reads them. */

/** RGB8, row-major [heightPx, widthPx, 3]. */
export interface RgbImage {
  readonly pixels: Uint8Array | Uint8ClampedArray;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The same with one 32-bit word per pixel (red lowest), row-major: one load instead of three. */
export interface PackedImage {
  readonly words: Int32Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Whole pixels of an image, inside it. */
export interface CropBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Packs a picture into `words`, which may be longer than needed. */
export function packImage({ pixels, widthPx, heightPx }: RgbImage, words: Int32Array): PackedImage {
  const count = widthPx * heightPx;
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    words[i] = pixels[at]! | (pixels[at + 1]! << 8) | (pixels[at + 2]! << 16);
  }
  return { words, widthPx, heightPx };
}
