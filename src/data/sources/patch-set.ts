/** The contract between whatever holds patches and the loader, and the listings that travel between threads. */
import type { RgbImage } from '../pixels/rgb-image.ts';

/** An ordered list of patches that can be read in any order. */
export interface PatchSet {
  readonly count: number;
  /** Name of a patch for messages: a file, a row, a place on a slide. */
  id(index: number): string;
  /**
   * Pixels of patch `index`, 0 <= index < count.
   *
   * @throws DataError when this patch cannot be used; any other error is a fault and stops the run.
   */
  read(index: number): Promise<RgbImage>;
  close(): Promise<void>;
}

/** Pictures of a folder, one patch each. */
export interface PictureListing {
  readonly kind: 'pictures';
  readonly folder: string;
  /** Paths below the folder, with `/`. */
  readonly names: readonly string[];
}

/** HDF5 files with a data set `img` (N, P, P, 3). */
export interface PatchFileListing {
  readonly kind: 'patch-files';
  readonly files: readonly { readonly path: string; readonly count: number; readonly sizePx: number }[];
}

/** A module and the name of the function in it that opens a slide: `(path: string) => Promise<SlideImage>`. */
export interface SlideOpener {
  /** Absolute address, `file:///...`; every thread imports it. */
  readonly module: string;
  readonly name: string;
}

/** Squares of one slide. */
export interface SlideListing {
  readonly kind: 'slide';
  readonly slidePath: string;
  /** x, y of the top left corners in level-0 pixels, two numbers per patch. */
  readonly corners: Int32Array;
  /** Side of a square in level-0 pixels. */
  readonly sidePx: number;
  /** Side after resizing. */
  readonly sizePx: number;
  /** Size of the slide that the corners were made for, where their file states it. */
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** Default: `openSlide` of src/slide. */
  readonly opener?: SlideOpener;
}

/** Several listings, one after the other. */
export interface JoinedListing {
  readonly kind: 'joined';
  readonly parts: readonly PatchListing[];
}

/**
 * What patches there are and where, as plain data: made once, handed to every thread, so that all agree on the order
 * even when a folder changes meanwhile.
 */
export type PatchListing = PictureListing | PatchFileListing | SlideListing | JoinedListing;

/** Number of patches of a listing. */
export function patchCount(listing: PatchListing): number {
  switch (listing.kind) {
    case 'pictures':
      return listing.names.length;
    case 'patch-files':
      return listing.files.reduce((sum, file) => sum + file.count, 0);
    case 'slide':
      return listing.corners.length / 2;
    case 'joined':
      return listing.parts.reduce((sum, part) => sum + patchCount(part), 0);
  }
}

/** Puts listings one after the other. */
export function joinListings(parts: readonly PatchListing[]): JoinedListing {
  return { kind: 'joined', parts };
}
