/** Counts of true against predicted classes, and the scores that follow from them alone. */
import { ShapeError } from '../../errors.ts';

/** Entry [t][p]: items of class t that were called p. */
export type Confusion = readonly (readonly number[])[];

/** @throws ShapeError when the lists differ in length. */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classCount: number,
): Confusion {
  if (truth.length !== predicted.length) {
    throw new ShapeError('confusion matrix', {
      need: `${truth.length} predictions, one per label`,
      found: `${predicted.length}`,
    });
  }
  const counts = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  for (let i = 0; i < truth.length; i++) counts[truth[i]!]![predicted[i]!]!++;
  return counts;
}

const total = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0);
const rowTotals = (confusion: Confusion) => confusion.map(total);
const columnTotals = (confusion: Confusion) =>
  confusion.map((_, p) => total(confusion.map((row) => row[p]!)));
const ratio = (part: number, whole: number) => (whole === 0 ? Number.NaN : part / whole);
const meanDefined = (values: readonly number[]) => {
  const defined = values.filter((v) => !Number.isNaN(v));
  return ratio(total(defined), defined.length);
};

/** Share of items called right; NaN for no item. */
export function accuracy(confusion: Confusion): number {
  return ratio(total(confusion.map((row, i) => row[i]!)), total(rowTotals(confusion)));
}

/** Share of a class's items that were found; NaN for a class without items. */
export function recalls(confusion: Confusion): number[] {
  const sizes = rowTotals(confusion);
  return confusion.map((row, i) => ratio(row[i]!, sizes[i]!));
}

/** Share of a class's predictions that were right; NaN for a class never predicted. */
export function precisions(confusion: Confusion): number[] {
  const sizes = columnTotals(confusion);
  return confusion.map((row, i) => ratio(row[i]!, sizes[i]!));
}

/** 2 TP / (2 TP + FP + FN) of every class; NaN for a class that neither occurs nor is predicted. */
export function f1Scores(confusion: Confusion): number[] {
  const [rows, columns] = [rowTotals(confusion), columnTotals(confusion)];
  return confusion.map((row, i) => ratio(2 * row[i]!, rows[i]! + columns[i]!));
}

/** Mean recall of the classes that occur. */
export function balancedAccuracy(confusion: Confusion): number {
  return meanDefined(recalls(confusion));
}

/** Mean F1 of the classes that occur or are predicted; a class that is only predicted counts as 0. */
export function macroF1(confusion: Confusion): number {
  return meanDefined(f1Scores(confusion));
}

/** F1 weighted by the class sizes. */
export function weightedF1(confusion: Confusion): number {
  const sizes = rowTotals(confusion);
  const scores = f1Scores(confusion);
  return ratio(total(scores.map((f1, i) => (sizes[i] === 0 ? 0 : f1 * sizes[i]!))), total(sizes));
}

/**
 * Cohen's kappa with squared class distances: 1 - sum w O / sum w E, w = (t - p)^2 in the order of the classes.
 * NaN when truth and prediction lie in one and the same class, where no disagreement is expected.
 */
export function quadraticKappa(confusion: Confusion): number {
  const [rows, columns] = [rowTotals(confusion), columnTotals(confusion)];
  const items = total(rows);
  let [observed, expected] = [0, 0];
  for (const [t, row] of confusion.entries()) {
    for (const [p, count] of row.entries()) {
      observed += (t - p) ** 2 * count;
      expected += ((t - p) ** 2 * rows[t]! * columns[p]!) / items;
    }
  }
  return expected > 0 ? 1 - observed / expected : Number.NaN;
}
