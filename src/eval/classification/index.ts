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
  type ClassifierMethod,
  describeMethod,
  type KnnMethod,
  type LinearProbeMethod,
  type LogisticGridMethod,
  type LogisticMethod,
  type SimpleShotMethod,
} from './classifiers.ts';
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
  type EvaluateClassifierOptions,
  evaluateClassifier,
  type LabelledFeatures,
} from './evaluate-classifier.ts';
export { type EvaluateSlidesOptions, evaluateSlides } from './evaluate-slides.ts';
export type { EvaluationFold } from './evaluation-folds.ts';
export {
  type AdamWOptions,
  adamW,
  type Optimizer,
  type RateSchedule,
  rateAt,
  type SgdOptions,
  sgd,
} from './first-order.ts';
export { formatClassification, formatClassScores, formatConfusion } from './format.ts';
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
export { type LabelledImage, type LabelledImages, readClassFolders } from './labelled-images.ts';
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
export { MHIST_CLASSES, readMhist } from './mhist.ts';
export { NCT_CRC_CLASSES, readNctCrc } from './nct-crc.ts';
export { type PatientFolds, patientStratifiedKFold } from './patient-folds.ts';
export {
  type FeatureSet,
  type ProbeTrial,
  type SweepOptions,
  type SweptProbe,
  sweepLinearProbe,
} from './probe-sweep.ts';
export { auroc, averagePrecision, oneVersusOne, oneVersusRest } from './ranking.ts';
export type { ClassificationFold, ClassificationResult, Prediction } from './result.ts';
export type { Intervals } from './score-fold.ts';
export {
  CLASSIFICATION_METRICS,
  type ClassificationMetric,
  type ClassificationScores,
  type ClassScores,
  predictedClasses,
  type ScoreOptions,
  scoreClassification,
} from './scores.ts';
export { readUniToPatho, UNITOPATHO_CLASSES } from './unitopatho.ts';
