import { ShapeError } from '../../errors.ts';
import { checkSurvival, type SurvivalTimes, timePoints } from './survival-times.ts';

/** The baseline after one event time: cumulative hazard H and survival e^-H of a patient with risk 0. */
export interface BaselineStep {
  readonly time: number;
  readonly cumulativeHazard: number;
  readonly survival: number;
}

/**
 * Breslow's estimate: H(t) = sum over event times up to t of d / sum_R e^{risk}.
 *
 * @param risks log hazard ratios of the same patients.
 * @throws ShapeError for lists of unequal length, DataError for unusable times.
 */
export function baselineHazard(survival: SurvivalTimes, risks: ArrayLike<number>): BaselineStep[] {
  checkSurvival('baseline hazard', survival);
  if (risks.length !== survival.events.length) {
    throw new ShapeError('baseline hazard', {
      need: `${survival.events.length} risks, one per patient`,
      found: `${risks.length}`,
    });
  }
  const steps: { time: number; hazard: number }[] = [];
  let atRisk = 0;
  for (const { time, patients, events } of timePoints(survival).reverse()) {
    for (const i of patients) atRisk += Math.exp(risks[i]!);
    if (events.length > 0) steps.push({ time, hazard: events.length / atRisk });
  }
  let cumulativeHazard = 0;
  return steps.reverse().map(({ time, hazard }) => {
    cumulativeHazard += hazard;
    return { time, cumulativeHazard, survival: Math.exp(-cumulativeHazard) };
  });
}
