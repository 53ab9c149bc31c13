/** Survival from slides: mixtures of patches, Cox regression, curves and their tests. */
export { type BaselineStep, baselineHazard } from './baseline-hazard.ts';
export { type Concordance, harrellC } from './concordance.ts';
export { type Cox, type CoxOptions, coxRisks, fitCox } from './cox.ts';
export { type PartialLikelihood, partialLikelihood, type Ties } from './cox-likelihood.ts';
export { type BootstrapSettings, type CohortTimes, meanFoldC } from './cross-validate.ts';
export {
  type FittedMixture,
  fitMixture,
  type Mixture,
  type MixtureOptions,
  type MixtureRound,
  mixtureLabels,
  mixtureResponsibilities,
} from './diagonal-mixture.ts';
export {
  type EvaluateSlideSurvivalOptions,
  evaluateSlideSurvival,
  type SlideVectorMethod,
  type SurvivalPatient,
} from './evaluate-slide-survival.ts';
export { type EvaluateSurvivalOptions, evaluateSurvival, type VectorCohort } from './evaluate-survival.ts';
export { formatKaplanMeier, formatRiskGroups, formatSurvival } from './format.ts';
export { type KMeans, type KMeansOptions, kMeans } from './k-means.ts';
export { type KaplanMeier, type KaplanMeierStep, kaplanMeier } from './kaplan-meier.ts';
export { type LogRank, logRank } from './log-rank.ts';
export type { PatientRisk, SurvivalFold, SurvivalResult } from './result.ts';
export { fitRiskModel, predictRisks, type RiskModel, type RiskModelOptions } from './risk-model.ts';
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
export {
  type Endpoint,
  readTcgaFold,
  readTcgaFolds,
  readTcgaSurvival,
  sharedSites,
  type TcgaPatient,
} from './tcga-tables.ts';
