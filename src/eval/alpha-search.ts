/** The ridge penalty by nested cross-validation: chosen on the training side of a fold, from moments alone. */
import { DataError, UsageError } from '../errors.ts';
import {
  add,
  div,
  eigh,
  matmul,
  mul,
  narrow,
  reshape,
  scope,
  sum,
  tensor,
  toFloat64Array,
  transpose,
} from '../tensor/index.ts';
import { type JointMoments, mergeJoint } from './joint-moments.ts';
import { meanDefined } from './metrics.ts';
import { columnScales } from './probe.ts';

/** 0.01 to 1,000,000 in half decades, against the SUM of squared errors of standardised features. */
export const ALPHA_GRID: readonly number[] = Array.from({ length: 17 }, (_, i) => 10 ** (i / 2 - 2));

/** Inner folds at most; more training groups are gathered into so many of about equal size. */
export const INNER_FOLDS = 5;

/** What nested cross-validation found for one fold. */
export interface AlphaSearch {
  readonly alpha: number;
  readonly innerFolds: number;
  /** Mean PCC over genes, then over inner folds, per penalty tried. */
  readonly grid: readonly { readonly alpha: number; readonly pcc: number }[];
  /** The choice is an end of the grid: a wider one might do better. */
  readonly atEdge: boolean;
}

/** Largest first into the lightest bucket. */
function buckets(parts: readonly JointMoments[], count: number): JointMoments[][] {
  const made = Array.from({ length: count }, () => ({ rows: 0, parts: [] as JointMoments[] }));
  for (const part of [...parts].sort((a, b) => b.features.rows - a.features.rows)) {
    const lightest = made.reduce((best, next) => (next.rows < best.rows ? next : best));
    lightest.rows += part.features.rows;
    lightest.parts.push(part);
  }
  return made.map((bucket) => bucket.parts);
}

/** Mean PCC over genes of every penalty, fitted on one side and scored on the other. */
function innerScores(
  train: JointMoments,
  test: JointMoments,
  components: number | undefined,
  grid: readonly number[],
): number[] {
  return scope(() => {
    const d = train.features.scatter.size(0);
    const std = columnScales(train.features);
    const column = reshape(std, [d, 1]);
    const [all, axes] = eigh(div(div(train.features.scatter, std), column)); // ascending
    const k = Math.min(components ?? d, train.features.rows - 1, d);
    const vectors = narrow(axes, 1, d - k, k); // [d, k]
    const flat = transpose(vectors, 0, 1);
    const values = reshape(narrow(all, 0, d - k, k), [k, 1]);
    const seen = matmul(flat, div(train.cross.scatter, column)); // [k, q]
    // The test side in the same axes: a penalty then costs one product of [k, k] and [k, q].
    const spread = matmul(flat, matmul(div(div(test.features.scatter, std), column), vectors));
    const agreement = matmul(flat, div(test.cross.scatter, column));
    const truth = toFloat64Array(test.targetSquares);
    return grid.map((alpha) =>
      scope(() => {
        const weights = div(seen, add(values, tensor(new Float64Array(k).fill(alpha), [k, 1])));
        const product = toFloat64Array(sum(mul(weights, agreement), [0]));
        const power = toFloat64Array(sum(mul(weights, matmul(spread, weights)), [0]));
        const pcc = product.map((v, g) =>
          truth[g]! > 0 && power[g]! > 0 ? v / (Math.sqrt(truth[g]!) * Math.sqrt(power[g]!)) : Number.NaN,
        );
        return meanDefined(pcc);
      }),
    );
  });
}

/**
 * Chooses the penalty with the best mean PCC: each group of training rows (or bucket of groups) is left out once,
 * the probe is fitted on the others and scored on it. Of equal penalties the larger one is taken.
 *
 * @param parts the training groups; what is left out together, e.g. one study each.
 * @throws UsageError for fewer than two groups; DataError when no penalty has a defined correlation.
 */
export function searchAlpha(
  parts: readonly JointMoments[],
  components: number | undefined,
  grid: readonly number[] = ALPHA_GRID,
): AlphaSearch {
  if (parts.length < 2) {
    throw new UsageError('nested cross-validation', {
      need: 'at least 2 groups of training spots (studies, patients or sections)',
      found: `${parts.length}`,
      next: 'give a number for --alpha',
    });
  }
  const inner = buckets(parts, Math.min(INNER_FOLDS, parts.length));
  const perFold = inner.map((held) =>
    scope(() => {
      const others = inner.filter((bucket) => bucket !== held).flat();
      return innerScores(mergeJoint(others), mergeJoint(held), components, grid);
    }),
  );
  const points = grid.map((alpha, i) => ({ alpha, pcc: meanDefined(perFold.map((scores) => scores[i]!)) }));
  const defined = points.filter(({ pcc }) => !Number.isNaN(pcc));
  if (defined.length === 0) {
    throw new DataError('nested cross-validation', {
      need: 'training groups in which some gene varies',
      found: 'no defined correlation',
      next: 'give a number for --alpha',
    });
  }
  const best = defined.reduce((a, b) => (b.pcc >= a.pcc ? b : a));
  const atEdge = best.alpha === grid[0] || best.alpha === grid.at(-1);
  return { alpha: best.alpha, innerFolds: inner.length, grid: points, atEdge };
}
