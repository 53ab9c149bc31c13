/** Judging features: splits, leak checks, the linear probe, agreement with measured expression. */
export {
  dropPercent,
  FOLD_METRICS,
  type FoldMetric,
  fixedTopGenes,
  quartiles,
  type Summary,
  summarise,
  summariseFolds,
} from './aggregate.ts';
export { ALPHA_GRID, type AlphaSearch, INNER_FOLDS, searchAlpha } from './alpha-search.ts';
export {
  type BlockBootstrapOptions,
  BOOTSTRAP_METRICS,
  type BootstrapMetric,
  drawBlocks,
  type Replicates,
  replicateScores,
  type SpotBlocks,
  spatialBlocks,
} from './block-bootstrap.ts';
export { crossValidate, type FoldPrediction, fitProbeOnRows, predictRows } from './cross-validate.ts';
export { type EmbeddedSection, joinEmbeddings } from './embedded-section.ts';
export {
  benchmarkExpression,
  type ExpressionBenchmarkOptions,
  type ExpressionPrediction,
} from './expression-benchmark.ts';
export {
  type ExpressionHead,
  fitExpressionHead,
  type HeadOptions,
  readExpressionHead,
  writeExpressionHead,
} from './expression-head.ts';
export {
  type ChosenSettings,
  choosePreset,
  EXPRESSION_PRESETS,
  type ExpressionSettings,
  PRESET_NAMES,
  type PresetName,
} from './expression-presets.ts';
export type { ExpressionBenchmark, ExpressionFold, ExpressionSplit } from './expression-result.ts';
export {
  chooseGenes,
  expressionMatrix,
  sharedGenes,
  type TargetOptions,
  totalTarget,
} from './expression-targets.ts';
export {
  type Interval,
  type MeanIntervals,
  type MetricIntervals,
  meanIntervals,
  meanReplicates,
  percentileInterval,
} from './intervals.ts';
export { findLeaks, imageDigests, type LeakFinding, type SplitUnit, splitUnit } from './leak-check.ts';
export * from './metrics.ts';
export {
  type MetricDifference,
  type PairedDifference,
  type PairedSplit,
  pairedSplit,
  type Rival,
  type RivalFold,
} from './paired-difference.ts';
export { fitPca, type Pca, pcaScores } from './pca.ts';
export {
  AUTO_COMPONENTS,
  type ComponentsWish,
  fitProbe,
  type Probe,
  type ProbeOptions,
  type ProbeWish,
  resolveComponents,
} from './probe.ts';
export { fitRidge, hestAlpha, predictRidge, type Ridge, type RidgeOptions } from './ridge.ts';
export { METRIC_KINDS, type MetricDrop, type SplitDrop, splitDrops } from './split-drops.ts';
export {
  defaultSplit,
  type GivenFold,
  patientKey,
  planSections,
  planSplit,
  type RandomSplitOptions,
  SPLIT_NAMES,
  type SplitName,
  type SplitPlan,
  type SplitSection,
} from './split-plan.ts';
export * from './splits.ts';
export { fitStandardizer, type Standardizer, standardize } from './standardizer.ts';
