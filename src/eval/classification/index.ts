/** Patch and slide classification from frozen features. */
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
export { classCounts, encodeLabels, type LabelCodes } from './labels.ts';
export {
  fitLogistic,
  type LogisticModel,
  type LogisticOptions,
  logisticProbabilities,
  uniC,
  type WeightPenalty,
} from './logistic-regression.ts';
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
