/** One vector per class from labelled support patches. */
import { type Matrix, matrixRow } from '../../core/matrix.ts';
import { ShapeError } from '../../errors.ts';
import { checkCodes, classCounts } from '../classification/labels.ts';
import { columnMeans, requireFinite, unitRows } from '../numeric/index.ts';

/** Embeddings with class indices. */
export interface LabelledPatches {
  /** [n, d] */
  readonly features: Matrix;
  readonly codes: ArrayLike<number>;
}

export interface Prototypes {
  /** [classes, d] unit rows; zeros for a class without support patches. */
  readonly vectors: Matrix<Float64Array>;
  /** Subtracted from every embedding before scaling to unit length; undefined when not centred. */
  readonly centre: Float64Array | undefined;
  /** Support patches per class. */
  readonly counts: readonly number[];
}

/**
 * Prototype of a class: the mean of its support embeddings, each scaled to unit length, scaled to unit length again.
 *
 * @param centred subtract the support mean first.
 * @throws ShapeError without support patches; DataError for features or labels that cannot be used.
 */
export function classPrototypes(support: LabelledPatches, classCount: number, centred: boolean): Prototypes {
  const { features, codes } = support;
  if (features.rows === 0) throw new ShapeError('prototypes', { need: 'support patches', found: 'none' });
  checkCodes('prototypes', codes, features.rows, classCount);
  requireFinite('prototypes', 'support features', features);
  const centre = centred ? columnMeans(features) : undefined;
  const unit = unitRows(features, centre);
  const sums = new Float64Array(classCount * features.cols);
  for (let r = 0; r < unit.rows; r++) {
    const row = matrixRow(unit, r);
    const start = codes[r]! * unit.cols;
    for (let c = 0; c < unit.cols; c++) sums[start + c]! += row[c]!;
  }
  return {
    vectors: unitRows({ rows: classCount, cols: features.cols, data: sums }),
    centre,
    counts: classCounts(codes, classCount),
  };
}
