/** Patch and slide classification from frozen features. */

export { type AbmilShape, GatedAbmil } from './abmil.ts';
export { type AbmilFit, type AbmilTraining, type Bag, trainAbmil } from './abmil-training.ts';
export {
  type ChooseCOptions,
  type ChosenC,
  chooseC,
  DINOV2_C_GRID,
  type GridPoint,
  type LabelledRows,
} from './choose-c.ts';
export {
  accuracy,
  balancedAccuracy,
  type Confusion,
  confusionMatrix,
  f1Scores,
  macroF1,
  precisions,
  quadraticKappa,
  recalls,
  weightedF1,
} from './confusion.ts';
export {
  type AdamWOptions,
  adamW,
  type Optimizer,
  type RateSchedule,
  rateAt,
  type SgdOptions,
  sgd,
} from './first-order.ts';
export {
  type ClassMeans,
  classMeans,
  type KnnDistance,
  type KnnVote,
  nearestTraining,
  simpleShot,
  simpleShotDistances,
  type VoteOptions,
  voteShares,
} from './knn.ts';
export { classCounts, encodeLabels, type LabelCodes } from './labels.ts';
export { fitLinearProbe, type LinearProbe, probeProbabilities } from './linear-probe.ts';
export {
  DINOV2_PROBE,
  DINOV2_RATES,
  EVA_PROBE,
  type LinearProbeOptions,
  scaledRate,
} from './linear-probe-options.ts';
export {
  fitLogistic,
  type LogisticModel,
  type LogisticOptions,
  logisticProbabilities,
  uniC,
  type WeightPenalty,
} from './logistic-regression.ts';
export { type PatientFolds, patientStratifiedKFold } from './patient-folds.ts';
export {
  type FeatureSet,
  type ProbeTrial,
  type SweepOptions,
  type SweptProbe,
  sweepLinearProbe,
} from './probe-sweep.ts';
export { auroc, averagePrecision, oneVersusOne, oneVersusRest } from './ranking.ts';
export {
  CLASSIFICATION_METRICS,
  type ClassificationMetric,
  type ClassificationScores,
  type ClassScores,
  predictedClasses,
  type ScoreOptions,
  scoreClassification,
} from './scores.ts';
