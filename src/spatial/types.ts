/** The shapes that every spatial reader returns and every later step takes. */
import type { MatrixData } from '../core/matrix.ts';
import type { DuplicateGenes } from './duplicate-genes.ts';
import type { SpotTransform } from './spot-alignment.ts';

/** Spots x genes as compressed sparse rows; values absent from a row are 0. */
export interface SparseMatrix<D extends MatrixData = MatrixData> {
  /** Row names, unique. */
  readonly barcodes: readonly string[];
  /** Column names, unique. */
  readonly genes: readonly string[];
  /** Length barcodes.length + 1. */
  readonly indptr: Int32Array;
  /** Column of each stored value, ascending within a row. */
  readonly indices: Int32Array;
  readonly data: D;
}

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

/** Normalised or log-transformed counts, float64. */
export type ExpressionMatrix = SparseMatrix<Float64Array>;

/** One measured place on the slide. x and y are the CENTRE in full-resolution (level 0) pixels. */
export interface Spot {
  readonly barcode: string;
  readonly x: number;
  readonly y: number;
  readonly arrayRow?: number;
  readonly arrayCol?: number;
}

/** How many rows of a section's files stand in only one of them and were left out. */
export interface DroppedSpots {
  /** Spots on the slide that the counts do not hold. */
  readonly spotsWithoutCounts: number;
  /** Rows of the counts without a place on the slide. */
  readonly countsWithoutSpot: number;
  /** Spots that the file marks as lying outside the tissue. */
  readonly spotsOutsideTissue: number;
  /** Spots without a precut patch; only where patches were joined. */
  readonly spotsWithoutPatch?: number;
}

/** One tissue section: an image, its spots, and their counts; row i of `counts` belongs to `spots[i]`. */
export interface Section {
  readonly id: string;
  /** Donor; sections of one patient must never stand on both sides of a split. */
  readonly patient: string;
  /** Study (data set, laboratory); the unit of leave-one-study-out. */
  readonly study: string;
  /** Image whose pixels `x`, `y` refer to; for a section without a slide, the file of its precut patches. */
  readonly imagePath: string;
  /** HEST's file of precut patches, where there is one: see openPrecutPatches. */
  readonly patchesPath?: string;
  /** Micrometres per image pixel, both axes. */
  readonly mpp: number;
  /** Where `mpp` came from, for the protocol card, e.g. `meta.json um_per_px`. */
  readonly mppSource: string;
  readonly spots: readonly Spot[];
  readonly counts: CountMatrix;
  /** Set by the readers; absent on sections built in memory. */
  readonly dropped?: DroppedSpots;
  /** What was done about repeated gene names; absent where there were none. */
  readonly duplicateGenes?: DuplicateGenes;
  /** How the caller moved the spots; absent where they stand as in the files. */
  readonly transform?: SpotTransform;
}
