/** An 8-bit colour picture in memory: what patch sources deliver and augmentations change. */

/** RGB8, row-major [heightPx, widthPx, 3]. */
export interface RgbImage {
  readonly pixels: Uint8Array | Uint8ClampedArray;
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
