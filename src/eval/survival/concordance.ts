import { ShapeError } from '../../errors.ts';
import { checkSurvival, type SurvivalTimes } from './survival-times.ts';

/** How often the patient at higher risk had the earlier event. */
export interface Concordance {
  /** (concordant + tiedRisk / 2) / (all three); NaN without a comparable pair. */
  readonly index: number;
  readonly concordant: number;
  readonly discordant: number;
  /** Comparable pairs with equal risks; each counts one half. */
  readonly tiedRisk: number;
  /** Pairs with an event at the same time in both; not comparable. */
  readonly tiedTime: number;
}

/** Risks closer than this are equal. */
const EQUAL_RISK = 1e-8;

/**
 * Harrell's C. A pair is comparable when the earlier time is an event; at equal times, when exactly one of the
 * two is an event, which then counts as the earlier.
 *
 * @param risks higher means earlier events.
 * @throws ShapeError for lists of unequal length, DataError for unusable times.
 * @source Harrell et al. 1996; conventions as in scikit-survival.
 */
export function harrellC(survival: SurvivalTimes, risks: ArrayLike<number>): Concordance {
  const { times, events } = survival;
  checkSurvival('C index', survival);
  if (risks.length !== times.length) {
    throw new ShapeError('C index', {
      need: `${times.length} risks, one per patient`,
      found: `${risks.length}`,
    });
  }
  let [concordant, discordant, tiedRisk, tiedTime] = [0, 0, 0, 0];
  for (let i = 0; i < times.length; i++) {
    if (!events[i]) continue;
    for (let j = 0; j < times.length; j++) {
      if (j === i || times[j]! < times[i]!) continue;
      if (times[j] === times[i] && events[j]) {
        if (j > i) tiedTime++;
        continue;
      }
      const lead = risks[i]! - risks[j]!;
      if (Math.abs(lead) <= EQUAL_RISK) tiedRisk++;
      else if (lead > 0) concordant++;
      else discordant++;
    }
  }
  const pairs = concordant + discordant + tiedRisk;
  const index = pairs === 0 ? Number.NaN : (concordant + tiedRisk / 2) / pairs;
  return { index, concordant, discordant, tiedRisk, tiedTime };
}
