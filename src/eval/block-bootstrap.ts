/**
 * Uncertainty of a fold's scores: neighbouring spots are alike, so not spots but square blocks of tissue are drawn
 * again, within each section.
 */
import { type Matrix, matrix, matrixRow } from '../core/matrix.ts';
import { Rng } from '../core/rng.ts';
import { ShapeError, UsageError } from '../errors.ts';
import type { Section } from '../spatial/index.ts';
import { matmul, scope, tensor, toFloat64Array } from '../tensor/index.ts';
import { meanDefined, topMean, type UndefinedPolicy } from './metrics.ts';

export interface BlockBootstrapOptions {
  /** 0: none. */
  readonly resamples: number;
  readonly seed: number;
  /** Side of the square blocks in micrometres. */
  readonly blockUm: number;
  /** Share of resamples inside an interval; default 0.95. */
  readonly confidence?: number;
}

/** Metrics that sums over spots determine; rank correlation is not among them. */
export const BOOTSTRAP_METRICS = ['pcc', 'pccTop', 'mse', 'mae', 'r2'] as const;
export type BootstrapMetric = (typeof BOOTSTRAP_METRICS)[number];
/** One value per resample. */
export type Replicates = Readonly<Record<BootstrapMetric, Float64Array>>;

/** Which block a spot lies in; blocks are numbered through all sections. */
export interface SpotBlocks {
  /** One per spot of all sections, in order. */
  readonly blockOf: Int32Array;
  /** Section (by place) of each block. */
  readonly sectionOf: readonly number[];
}

/**
 * Squares of a grid that starts at each section's smallest coordinates.
 *
 * @throws UsageError for a side that is not above 0.
 */
export function spatialBlocks(
  sections: readonly Pick<Section, 'spots' | 'mpp'>[],
  blockUm: number,
): SpotBlocks {
  if (!(blockUm > 0)) throw new UsageError('blocks', { need: 'a side above 0 um', found: `${blockUm}` });
  const blockOf: number[] = [];
  const sectionOf: number[] = [];
  for (const [s, { spots, mpp }] of sections.entries()) {
    const left = spots.reduce((least, { x }) => Math.min(least, x), Number.POSITIVE_INFINITY);
    const top = spots.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
    const known = new Map<string, number>();
    for (const { x, y } of spots) {
      const cell = (distance: number) => Math.floor((distance * mpp) / blockUm);
      const key = `${cell(x - left)} ${cell(y - top)}`;
      if (!known.has(key)) {
        known.set(key, sectionOf.length);
        sectionOf.push(s);
      }
      blockOf.push(known.get(key)!);
    }
  }
  return { blockOf: Int32Array.from(blockOf), sectionOf };
}

/** How often each block of a fold's test side is drawn. */
export interface BlockDraws {
  /** Column of each test row. */
  readonly columnOf: Int32Array;
  /** [resamples, blocks] */
  readonly times: Matrix<Float64Array>;
}

/** Draws as many blocks of each section as it has, with replacement. Same rows and seed, same draws. */
export function drawBlocks(
  rows: readonly number[],
  { blockOf, sectionOf }: SpotBlocks,
  resamples: number,
  seed: string,
): BlockDraws {
  const columns = new Map<number, number>();
  const bySection = new Map<number, number[]>();
  const columnOf = Int32Array.from(rows, (row) => {
    const block = blockOf[row]!;
    let column = columns.get(block);
    if (column === undefined) {
      column = columns.size;
      columns.set(block, column);
      const section = sectionOf[block]!;
      bySection.set(section, [...(bySection.get(section) ?? []), column]);
    }
    return column;
  });
  const times = matrix(resamples, columns.size, new Float64Array(resamples * columns.size));
  const rng = new Rng(seed);
  for (let r = 0; r < resamples; r++) {
    const row = matrixRow(times, r);
    for (const own of bySection.values()) {
      for (let i = 0; i < own.length; i++) row[own[rng.integer(0, own.length - 1)]!]! += 1;
    }
  }
  return { columnOf, times };
}

/** Sums per block and gene: y, p, y^2, p^2, y p, |y - p|, in this order; then the number of spots. */
const SUMS = 6;

/** [blocks, SUMS * genes + 1], y and p counted from their means over all rows. */
function blockSums(measured: Matrix, predicted: Matrix, columnOf: Int32Array, blocks: number): Matrix {
  const { rows, cols: genes } = measured;
  const centres = [measured, predicted].map(({ data }) => {
    const sums = new Float64Array(genes);
    for (let i = 0; i < data.length; i++) sums[i % genes]! += data[i]!;
    return sums.map((sum) => sum / rows);
  });
  const width = SUMS * genes + 1;
  const sums = new Float64Array(blocks * width);
  for (let r = 0; r < rows; r++) {
    const start = columnOf[r]! * width;
    for (let g = 0; g < genes; g++) {
      const [rawY, rawP] = [measured.data[r * genes + g]!, predicted.data[r * genes + g]!];
      const [y, p] = [rawY - centres[0]![g]!, rawP - centres[1]![g]!];
      const at = start + SUMS * g;
      sums[at]! += y;
      sums[at + 1]! += p;
      sums[at + 2]! += y * y;
      sums[at + 3]! += p * p;
      sums[at + 4]! += y * p;
      sums[at + 5]! += Math.abs(rawY - rawP);
    }
    sums[start + width - 1]! += 1;
  }
  return matrix(blocks, width, sums);
}

/** Differences of the means (y - p) per gene, which {@link blockSums} takes off. */
function meanDifferences(measured: Matrix, predicted: Matrix): Float64Array {
  const { rows, cols } = measured;
  const sums = new Float64Array(cols);
  for (let i = 0; i < measured.data.length; i++) sums[i % cols]! += measured.data[i]! - predicted.data[i]!;
  return sums.map((sum) => sum / rows);
}

interface GeneReplicate {
  readonly pcc: number;
  readonly mse: number;
  readonly mae: number;
  readonly r2: number;
}

/** Scores of one gene from its sums over n spots; a spread below rounding counts as none. */
function geneScores(sums: Float64Array, at: number, n: number, apart: number): GeneReplicate {
  const [y, p, errors] = [sums[at]!, sums[at + 1]!, sums[at + 5]!];
  const [yy, pp, yp] = [sums[at + 2]!, sums[at + 3]!, sums[at + 4]!];
  const squaresY = yy - (y * y) / n;
  const squaresP = pp - (p * p) / n;
  const product = yp - (y * p) / n;
  const error = yy - 2 * yp + pp + 2 * apart * (y - p) + n * apart * apart;
  const [variesY, variesP] = [squaresY > 1e-12 * yy, squaresP > 1e-12 * pp];
  return {
    pcc:
      variesY && variesP
        ? Math.max(-1, Math.min(1, product / (Math.sqrt(squaresY) * Math.sqrt(squaresP))))
        : Number.NaN,
    mse: error / n,
    mae: errors / n,
    r2: variesY ? 1 - error / squaresY : Number.NaN,
  };
}

/**
 * Fold scores of every resample.
 *
 * @param measured,predicted [rows, genes], rows as in the draws.
 * @param undefinedAs what averages over genes do with undefined values, as in the scores themselves.
 */
export function replicateScores(
  measured: Matrix,
  predicted: Matrix,
  { columnOf, times }: BlockDraws,
  undefinedAs: UndefinedPolicy,
): Replicates {
  const same = measured.rows === predicted.rows && measured.cols === predicted.cols;
  if (!same || measured.rows !== columnOf.length) {
    throw new ShapeError('block bootstrap', {
      need: `measured and predicted values of ${columnOf.length} spots and equal genes`,
      found: `${measured.rows} x ${measured.cols} and ${predicted.rows} x ${predicted.cols}`,
    });
  }
  const perBlock = blockSums(measured, predicted, columnOf, times.cols);
  const apart = meanDifferences(measured, predicted);
  const drawn = scope(() =>
    toFloat64Array(
      matmul(
        tensor(times.data, [times.rows, times.cols]),
        tensor(Float64Array.from(perBlock.data), [perBlock.rows, perBlock.cols]),
      ),
    ),
  );
  const empty = () => new Float64Array(times.rows);
  const scores = { pcc: empty(), pccTop: empty(), mse: empty(), mae: empty(), r2: empty() };
  for (let r = 0; r < times.rows; r++) {
    const sums = drawn.subarray(r * perBlock.cols, (r + 1) * perBlock.cols);
    const n = sums[perBlock.cols - 1]!;
    const genes = Array.from(apart, (difference, g) => geneScores(sums, SUMS * g, n, difference));
    const pcc = genes.map((gene) => gene.pcc);
    scores.pcc[r] = meanDefined(pcc, undefinedAs);
    scores.pccTop[r] = topMean(pcc, 10, undefinedAs);
    scores.mse[r] = meanDefined(genes.map((gene) => gene.mse));
    scores.mae[r] = meanDefined(genes.map((gene) => gene.mae));
    scores.r2[r] = meanDefined(
      genes.map((gene) => gene.r2),
      undefinedAs,
    );
  }
  return scores;
}
