/** Survival from slides: mixtures of patches, Cox regression, curves and their tests. */
export { type BaselineStep, baselineHazard } from './baseline-hazard.ts';
export { type Concordance, harrellC } from './concordance.ts';
export { type Cox, type CoxOptions, coxRisks, fitCox } from './cox.ts';
export { type PartialLikelihood, partialLikelihood, type Ties } from './cox-likelihood.ts';
export { type KaplanMeier, type KaplanMeierStep, kaplanMeier } from './kaplan-meier.ts';
export { type LogRank, logRank } from './log-rank.ts';
export { orderedCoxLoss, type TimeBins, timeBins } from './slide-losses.ts';
export {
  eventCount,
  type SurvivalTimes,
  selectSurvival,
  type TimePoint,
  timePoints,
} from './survival-times.ts';
