/** The contract between whatever holds pixels (a plain image, later a pyramid) and whatever needs them. */

/** A rectangle of whole level-0 pixels; may reach outside the image. Pixel i covers [i, i + 1). */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A small picture of a whole image, RGB8 row-major, `3 * widthPx * heightPx` bytes. */
export interface Thumbnail {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Thumbnail pixels per level-0 pixel, at most 1. */
  readonly scale: number;
}

/**
 * An open image. Every format gives the same object, so patch reading and reports know no file format.
 * All coordinates are level-0 pixels, origin top left, in stored pixel order (no EXIF rotation).
 */
export interface SlideImage {
  readonly path: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Micrometres per pixel, only where the file itself states it credibly; see `readResolutionMpp`. */
  readonly mpp?: number;
  /**
   * Pixels of one region as RGB8, row-major, `3 * width * height` bytes owned by the caller.
   * What lies outside the image is white (255).
   * @throws UsageError if the region is not made of whole pixels or the image was closed.
   */
  readRegion(region: Region): Promise<Uint8Array>;
  /** The whole image, shrunk (antialiased) so that its longer side is at most `maxSidePx`. */
  readThumbnail(maxSidePx: number): Promise<Thumbnail>;
  /** Frees the pixels; later reads throw. Closing twice is allowed. */
  close(): Promise<void>;
}
