/** Survival from slides: mixtures of patches, Cox regression, curves and their tests. */
export { type BaselineStep, baselineHazard } from './baseline-hazard.ts';
export { type Concordance, harrellC } from './concordance.ts';
export { type Cox, type CoxOptions, coxRisks, fitCox } from './cox.ts';
export { type PartialLikelihood, partialLikelihood, type Ties } from './cox-likelihood.ts';
export {
  type FittedMixture,
  fitMixture,
  type Mixture,
  type MixtureOptions,
  type MixtureRound,
  mixtureLabels,
  mixtureResponsibilities,
} from './diagonal-mixture.ts';
export { type KMeans, type KMeansOptions, kMeans } from './k-means.ts';
export { type KaplanMeier, type KaplanMeierStep, kaplanMeier } from './kaplan-meier.ts';
export { type LogRank, logRank } from './log-rank.ts';
export { orderedCoxLoss, type TimeBins, timeBins } from './slide-losses.ts';
export {
  joinSlides,
  type PantherOptions,
  pantherMixture,
  plainSlideMixture,
  type SlideVectorForm,
  slideVector,
} from './slide-vectors.ts';
export {
  eventCount,
  type SurvivalTimes,
  selectSurvival,
  type TimePoint,
  timePoints,
} from './survival-times.ts';
