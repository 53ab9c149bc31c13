/** Numbers that show a representation collapsing before any evaluation does. */
import {
  item,
  mean,
  meanAll,
  noGrad,
  scope,
  sqrt,
  square,
  sub,
  svd,
  type Tensor,
  toFloat64Array,
} from '../tensor/index.ts';
import { unitRows } from './unit-rows.ts';

export interface CollapseStatistics {
  /**
   * Mean over channels of the standard deviation over images of unit-length features, times sqrt(width): 1 when they
   * spread over the whole sphere, 0 when all are equal.
   */
  readonly spread: number;
  /**
   * exp(entropy) of the centred features' singular values scaled to sum 1: how many directions they use, from 1 to
   * min(images - 1, width); 0 when all are equal.
   */
  readonly effectiveRank: number;
}

/** Singular values of unit-length float32 rows below this times sqrt(rows) are rounding. */
const ROUNDING = 1e-6;

/** exp of the entropy of values scaled to sum 1. */
function effectiveCount(values: Float64Array): number {
  const total = values.reduce((sum, v) => sum + v, 0);
  if (total === 0) return 0;
  return Math.exp(values.reduce((entropy, v) => entropy - (v / total) * Math.log(v / total), 0));
}

/**
 * Spread and effective rank of features [N, D].
 *
 * @source SimSiam, arXiv:2011.10566 (spread); Roy and Vetterli, EUSIPCO 2007 (effective rank).
 */
export function collapseStatistics(features: Tensor): CollapseStatistics {
  return noGrad(() =>
    scope(() => {
      const [rows, width] = features.shape as [number, number];
      const unit = unitRows(features, 1e-12);
      const centred = sub(unit, mean(unit, [0], { keepdim: true }));
      const std = sqrt(mean(square(centred), [0]));
      const [, values] = svd(centred, { fullMatrices: false });
      const noise = ROUNDING * Math.sqrt(rows);
      return {
        spread: item(meanAll(std)) * Math.sqrt(width),
        effectiveRank: effectiveCount(toFloat64Array(values).filter((value) => value > noise)),
      };
    }),
  );
}
