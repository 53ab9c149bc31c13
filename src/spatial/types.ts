/** The shapes that every spatial reader returns and every later step takes. */

/**
 * Counts of one section, spots x genes, as compressed sparse rows.
 * Row i holds genes `indices[indptr[i] .. indptr[i+1])` (ascending) with raw counts `data`.
 */
export interface CountMatrix {
  /** Row names, unique. */
  readonly barcodes: readonly string[];
  /** Column names, unique. */
  readonly genes: readonly string[];
  /** Length barcodes.length + 1. */
  readonly indptr: Int32Array;
  /** Column of each stored value. */
  readonly indices: Int32Array;
  /** Raw counts: finite, >= 0. */
  readonly data: Float32Array;
}

/** One measured place on the slide. x and y are the CENTRE in full-resolution (level 0) pixels. */
export interface Spot {
  readonly barcode: string;
  readonly x: number;
  readonly y: number;
  readonly arrayRow?: number;
  readonly arrayCol?: number;
}

/** One tissue section: an image, its spots, and their counts; row i of `counts` belongs to `spots[i]`. */
export interface Section {
  readonly id: string;
  /** Donor; sections of one patient must never stand on both sides of a split. */
  readonly patient: string;
  /** Study (data set, laboratory); the unit of leave-one-study-out. */
  readonly study: string;
  /** Image whose pixels `x`, `y` refer to. */
  readonly imagePath: string;
  /** Micrometres per image pixel, both axes. */
  readonly mpp: number;
  /** Where `mpp` came from, for the protocol card, e.g. `meta.json um_per_px`. */
  readonly mppSource: string;
  readonly spots: readonly Spot[];
  readonly counts: CountMatrix;
}
