import { NORMAL_975 } from '../numeric/index.ts';
import { checkSurvival, type SurvivalTimes, timePoints } from './survival-times.ts';

/** The curve after one of the times; plain JSON. */
export interface KaplanMeierStep {
  readonly time: number;
  /** Patients under observation just before. */
  readonly atRisk: number;
  readonly events: number;
  readonly censored: number;
  readonly survival: number;
  /** Standard error by Greenwood's formula; null once survival is 0. */
  readonly standardError: number | null;
  /** 95 % interval on the log(-log) scale; null where survival is 1 or 0. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface KaplanMeier {
  readonly patients: number;
  readonly events: number;
  /** One entry per distinct time, ascending. */
  readonly steps: readonly KaplanMeierStep[];
  /** First time with survival at or below one half; null when it stays above. */
  readonly median: number | null;
}

/** S^exp(+-z se / (S |log S|)): the interval of log(-log S), which stays within 0 and 1. */
function interval(survival: number, variance: number): { low: number | null; high: number | null } {
  if (survival <= 0 || survival >= 1) return { low: null, high: null };
  const spread = (NORMAL_975 * Math.sqrt(variance)) / Math.abs(Math.log(survival));
  return { low: survival ** Math.exp(spread), high: survival ** Math.exp(-spread) };
}

/**
 * Product-limit estimate S(t) = prod (1 - d_i / n_i) over event times up to t.
 *
 * @throws DataError for unusable times.
 * @source Kaplan and Meier 1958; Greenwood's variance; log(-log) interval, Kalbfleisch and Prentice.
 */
export function kaplanMeier(survivalTimes: SurvivalTimes): KaplanMeier {
  checkSurvival('Kaplan-Meier', survivalTimes);
  let survival = 1;
  let hazardVariance = 0;
  const steps = timePoints(survivalTimes).map(({ time, patients, events, atRisk }): KaplanMeierStep => {
    const died = events.length;
    survival *= 1 - died / atRisk;
    if (died < atRisk) hazardVariance += died / (atRisk * (atRisk - died));
    return {
      time,
      atRisk,
      events: died,
      censored: patients.length - died,
      survival,
      standardError: survival > 0 ? survival * Math.sqrt(hazardVariance) : null,
      ...interval(survival, hazardVariance),
    };
  });
  return {
    patients: survivalTimes.times.length,
    events: steps.reduce((sum, step) => sum + step.events, 0),
    steps,
    median: steps.find((step) => step.survival <= 0.5)?.time ?? null,
  };
}
