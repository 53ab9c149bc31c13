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
export { crossValidate, type FoldPrediction, fitProbeOnRows, predictRows } from './cross-validate.ts';
export { type EmbeddedSection, joinEmbeddings } from './embedded-section.ts';
export {
  benchmarkExpression,
  type ExpressionBenchmark,
  type ExpressionBenchmarkOptions,
  type ExpressionFold,
  type ExpressionSplit,
} from './expression-benchmark.ts';
export {
  type ExpressionHead,
  fitExpressionHead,
  type HeadOptions,
  readExpressionHead,
  writeExpressionHead,
} from './expression-head.ts';
export {
  chooseGenes,
  expressionMatrix,
  sharedGenes,
  type TargetOptions,
  totalTarget,
} from './expression-targets.ts';
export { findLeaks, imageDigests, type LeakFinding, type SplitUnit, splitUnit } from './leak-check.ts';
export * from './metrics.ts';
export { fitPca, type Pca, pcaScores } from './pca.ts';
export {
  AUTO_COMPONENTS,
  type ComponentsWish,
  fitProbe,
  type Probe,
  type ProbeOptions,
  resolveComponents,
} from './probe.ts';
export { fitRidge, hestAlpha, predictRidge, type Ridge, type RidgeOptions } from './ridge.ts';
export {
  defaultSplit,
  patientKey,
  planSplit,
  SPLIT_NAMES,
  type SplitName,
  type SplitPlan,
} from './split-plan.ts';
export * from './splits.ts';
export { fitStandardizer, type Standardizer, standardize } from './standardizer.ts';
