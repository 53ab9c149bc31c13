/** Scores that judge the order of the predicted probabilities, not a threshold. */
import { type Matrix, matrixColumn } from '../../core/matrix.ts';
import { ShapeError } from '../../errors.ts';
import { averageRanks } from '../metrics.ts';

function checkLengths(operation: string, positive: ArrayLike<unknown>, scores: ArrayLike<unknown>): void {
  if (positive.length === scores.length) return;
  throw new ShapeError(operation, {
    need: `${positive.length} scores, one per item`,
    found: `${scores.length}`,
  });
}

/**
 * Area under the ROC curve: the chance that a positive item scores above a negative one, ties counting half.
 * NaN when either kind is missing or a score is NaN.
 */
export function auroc(positive: readonly boolean[], scores: ArrayLike<number>): number {
  checkLengths('AUROC', positive, scores);
  const ranks = averageRanks(scores);
  let [sum, positives] = [0, 0];
  for (const [i, isPositive] of positive.entries()) {
    if (!isPositive) continue;
    sum += ranks[i]!;
    positives++;
  }
  const pairs = positives * (positive.length - positives);
  return pairs === 0 ? Number.NaN : (sum - (positives * (positives + 1)) / 2) / pairs;
}

/**
 * Average precision: precision at every distinct score, weighted by the recall gained there; items of equal
 * score enter together. NaN without a positive item.
 */
export function averagePrecision(positive: readonly boolean[], scores: ArrayLike<number>): number {
  checkLengths('average precision', positive, scores);
  const positives = positive.filter(Boolean).length;
  if (positives === 0 || Array.from(scores).some(Number.isNaN)) return Number.NaN;
  const order = positive.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let [found, area] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let gained = 0;
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      if (positive[order[end]!]) gained++;
    }
    found += gained;
    area += (gained / positives) * (found / end);
    start = end;
  }
  return area;
}

/** AUROC of every class against all others; NaN for a class that has no item or all of them. */
export function oneVersusRest(truth: ArrayLike<number>, probabilities: Matrix): number[] {
  return Array.from({ length: probabilities.cols }, (_, k) =>
    auroc(
      Array.from(truth, (t) => t === k),
      matrixColumn(probabilities, k),
    ),
  );
}

/**
 * AUROC of every pair of classes i < j on the items of those two: the mean of the two directions
 * (Hand and Till 2001). NaN where one of them has no item.
 */
export function oneVersusOne(truth: ArrayLike<number>, probabilities: Matrix): number[] {
  const members = Array.from({ length: probabilities.cols }, (_, k) =>
    Array.from(truth).flatMap((t, i) => (t === k ? [i] : [])),
  );
  const direction = (positives: number[], negatives: number[], k: number) =>
    auroc(
      [...positives.map(() => true), ...negatives.map(() => false)],
      [...positives, ...negatives].map((i) => probabilities.data[i * probabilities.cols + k]!),
    );
  return members.flatMap((a, i) =>
    members.slice(i + 1).map((b, offset) => (direction(a, b, i) + direction(b, a, i + 1 + offset)) / 2),
  );
}
