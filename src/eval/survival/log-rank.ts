import { ShapeError } from '../../errors.ts';
import { chiSquareTail } from '../numeric/index.ts';
import { checkSurvival, type SurvivalTimes, timePoints } from './survival-times.ts';

/** Two-group comparison of survival; plain JSON. */
export interface LogRank {
  /** Events of the first group (`inGroup` true), seen and expected if both groups were alike. */
  readonly observed: number;
  readonly expected: number;
  /** Hypergeometric variance of their difference. */
  readonly variance: number;
  /** (observed - expected)^2 / variance; null where no time compares the groups. */
  readonly chiSquare: number | null;
  /** Of a chi-square with 1 degree of freedom; null likewise. */
  readonly p: number | null;
}

/**
 * Log-rank test of two groups.
 *
 * @throws ShapeError for lists of unequal length, DataError for unusable times.
 * @source Mantel 1966.
 */
export function logRank(survival: SurvivalTimes, inGroup: readonly boolean[]): LogRank {
  checkSurvival('log-rank test', survival);
  if (inGroup.length !== survival.events.length) {
    throw new ShapeError('log-rank test', {
      need: `${survival.events.length} group marks, one per patient`,
      found: `${inGroup.length}`,
    });
  }
  let left = inGroup.filter(Boolean).length;
  let [observed, expected, variance] = [0, 0, 0];
  for (const { patients, events, atRisk } of timePoints(survival)) {
    const died = events.length;
    observed += events.filter((i) => inGroup[i]).length;
    expected += (died * left) / atRisk;
    if (atRisk > 1) {
      const share = left / atRisk;
      variance += (died * share * (1 - share) * (atRisk - died)) / (atRisk - 1);
    }
    left -= patients.filter((i) => inGroup[i]).length;
  }
  const chiSquare = variance > 0 ? (observed - expected) ** 2 / variance : null;
  return {
    observed,
    expected,
    variance,
    chiSquare,
    p: chiSquare === null ? null : chiSquareTail(chiSquare, 1),
  };
}
