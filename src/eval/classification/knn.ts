/** Classification by the nearest training rows or by class means: no training, so it judges the features alone. */
import { type Matrix, matrixRow } from '../../core/matrix.ts';
import { ShapeError, UsageError } from '../../errors.ts';
import {
  columnMeans,
  logSumExp,
  type Neighbours,
  nearestByProduct,
  requireFinite,
  unitRows,
} from '../numeric/index.ts';
import type { LabelledRows } from './choose-c.ts';
import { checkCodes, classCounts } from './labels.ts';

/**
 * `cosine`: angle between the rows as they are. `uni`: Euclidean distance after subtracting the training mean
 * and scaling to unit length, as in UNI's evaluation code.
 */
export type KnnDistance = 'cosine' | 'uni';

/** `majority`: one vote per neighbour. `softmax`: votes weighted by softmax(similarity / temperature), DINOv2. */
export type KnnVote = 'majority' | 'softmax';

export interface VoteOptions {
  readonly vote: KnnVote;
  /** Of the softmax; default 0.07. */
  readonly temperature?: number;
}

function checkRows(operation: string, train: LabelledRows, test: Matrix, classCount: number): void {
  if (train.features.cols !== test.cols || train.features.rows === 0) {
    throw new ShapeError(operation, {
      need: `training rows with ${test.cols} features, as the test rows`,
      found: `${train.features.rows} of ${train.features.cols}`,
    });
  }
  checkCodes(operation, train.codes, train.features.rows, classCount);
  requireFinite(operation, 'training features', train.features);
  requireFinite(operation, 'test features', test);
}

/** Squared length of each row: 1, or 0 for a row of zeros. */
function squares(m: Matrix): Float64Array {
  return Float64Array.from({ length: m.rows }, (_, r) => (matrixRow(m, r).some((v) => v !== 0) ? 1 : 0));
}

/**
 * The k nearest training rows of every test row; of equal distances the lower training row first. Scores are
 * cosines, or minus squared distances for `uni`.
 *
 * @param k larger than the training set: all of it is taken (see `k` of the result).
 */
export function nearestTraining(
  train: LabelledRows,
  test: Matrix,
  classCount: number,
  k: number,
  distance: KnnDistance,
): Neighbours {
  checkRows('kNN', train, test, classCount);
  if (distance === 'cosine') return nearestByProduct(unitRows(test), unitRows(train.features), k);
  const centre = columnMeans(train.features);
  const [queries, gallery] = [unitRows(test, centre), unitRows(train.features, centre)];
  const [q, g] = [squares(queries), squares(gallery)];
  return nearestByProduct(queries, gallery, k, (product, i, row) => 2 * product - q[i]! - g[row]!);
}

/** Weights of one query's neighbours; they sum to 1. */
function voteWeights(scores: Float64Array, { vote, temperature = 0.07 }: VoteOptions): Float64Array {
  if (vote === 'majority') return scores.map(() => 1 / scores.length);
  const scaled = scores.map((s) => s / temperature);
  const total = logSumExp(scaled);
  return scaled.map((s) => Math.exp(s - total));
}

/**
 * Share of the votes per class, [queries, classCount]. The class called is the largest, of equals the lowest
 * index (see `argmaxRows`).
 *
 * @param k uses only the first k neighbours, so that one search serves several k; default all.
 * @throws UsageError for k outside 1 to the number of neighbours, or a temperature that is not positive.
 */
export function voteShares(
  neighbours: Neighbours,
  codes: ArrayLike<number>,
  classCount: number,
  options: VoteOptions,
  k = neighbours.k,
): Matrix<Float64Array> {
  const { temperature = 0.07 } = options;
  if (!(Number.isInteger(k) && k >= 1 && k <= neighbours.k && temperature > 0)) {
    throw new UsageError('kNN vote', {
      need: `1 to ${neighbours.k} neighbours and a positive temperature`,
      found: `${k} and ${temperature}`,
    });
  }
  const rows = neighbours.indices.length / neighbours.k;
  const data = new Float64Array(rows * classCount);
  for (let r = 0; r < rows; r++) {
    const start = r * neighbours.k;
    const at = neighbours.indices.subarray(start, start + k);
    if (options.vote === 'majority') {
      // Counts before division, so that equal votes are exactly equal shares.
      for (const row of at) data[r * classCount + codes[row]!]! += 1;
      for (let c = 0; c < classCount; c++) data[r * classCount + c]! /= k;
      continue;
    }
    const weights = voteWeights(neighbours.scores.subarray(start, start + k), options);
    for (const [i, row] of at.entries()) data[r * classCount + codes[row]!]! += weights[i]!;
  }
  return { rows, cols: classCount, data };
}

/** Class means for {@link simpleShot}. */
export interface ClassMeans {
  /** [classCount, d]; zeros for a class without training rows. */
  readonly means: Matrix<Float64Array>;
  /** Mean of the training rows, subtracted before scaling to unit length. */
  readonly centre: Float64Array;
  readonly counts: readonly number[];
}

/** Mean of the centred unit rows of every class (not scaled again, as in UNI's evaluation code). */
export function classMeans(train: LabelledRows, classCount: number): ClassMeans {
  checkRows('class means', train, train.features, classCount);
  const centre = columnMeans(train.features);
  const unit = unitRows(train.features, centre);
  const counts = classCounts(train.codes, classCount);
  const data = new Float64Array(classCount * unit.cols);
  for (let r = 0; r < unit.rows; r++) {
    const code = train.codes[r]!;
    const row = matrixRow(unit, r);
    for (let c = 0; c < unit.cols; c++) data[code * unit.cols + c]! += row[c]! / counts[code]!;
  }
  return { means: { rows: classCount, cols: unit.cols, data }, centre, counts };
}

/**
 * Euclidean distances [queries, classCount] of the centred unit test rows to the class means; Infinity for a
 * class without training rows.
 *
 * @source SimpleShot, arXiv:1911.04623, as used by UNI.
 */
export function simpleShotDistances(
  { means, centre, counts }: ClassMeans,
  test: Matrix,
): Matrix<Float64Array> {
  const unit = unitRows(test, centre);
  const data = new Float64Array(test.rows * means.rows);
  for (let r = 0; r < test.rows; r++) {
    const row = matrixRow(unit, r);
    for (let k = 0; k < means.rows; k++) {
      const mean = matrixRow(means, k);
      let square = 0;
      for (let c = 0; c < row.length; c++) square += (row[c]! - mean[c]!) ** 2;
      data[r * means.rows + k] = counts[k] === 0 ? Number.POSITIVE_INFINITY : Math.sqrt(square);
    }
  }
  return { rows: test.rows, cols: means.rows, data };
}

/**
 * SimpleShot as scores for the ranking metrics: softmax of minus the distance, so the nearest class has the
 * largest score. Not calibrated probabilities.
 */
export function simpleShot(train: LabelledRows, test: Matrix, classCount: number): Matrix<Float64Array> {
  checkRows('SimpleShot', train, test, classCount);
  const distances = simpleShotDistances(classMeans(train, classCount), test);
  for (let r = 0; r < distances.rows; r++) {
    const row = matrixRow(distances, r);
    const total = logSumExp(row.map((d) => -d));
    for (let k = 0; k < row.length; k++) row[k] = Math.exp(-row[k]! - total);
  }
  return distances;
}
