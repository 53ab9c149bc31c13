/**
 * MV_Hybrid for TypeScript: spatial gene expression from H&E images.
 *
 * @example
 * const { sections } = await readCohort('cohort/');
 * const settings = { backbone: 'mv-hybrid', weights: 'mvhybrid.pth', features: 'cls+mean', patchUm: 112, sizePx: 224, batch: 16 };
 * const { result } = await benchmarkCohort(sections, 'results/', settings, {
 *   targets: { genes: { method: 'hvg', count: 50 } }, probe: { alpha: 'hest', intercept: true },
 *   components: 'auto', undefinedAs: 'skip', folds: 10, splitSeed: 0 });
 * console.log(result.splits[0].summary.pcc.mean);
 */
export { createBackbone, embed, openBackbone } from './backbones/index.ts';
export {
  DataError,
  EngineError,
  EngineMissingError,
  isMvHybridError,
  MvHybridError,
  ShapeError,
  UsageError,
} from './errors.ts';
export { readExpressionHead, writeExpressionHead } from './eval/index.ts';
export {
  benchmarkCohort,
  type CohortBenchmark,
  type CohortBenchmarkOptions,
  checkEngine,
  type EncoderSettings,
  embedPictures,
  embedSections,
  fitHead,
  predictSection,
  writeCohortBenchmark,
} from './pipeline/index.ts';
export { type Cohort, readCohort, type Section } from './spatial/index.ts';
