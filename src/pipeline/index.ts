/** Whole runs, from files to files: what the commands and the server call. */
export {
  type BenchmarkValues,
  benchmarkCohort,
  type CohortBenchmark,
  type CohortBenchmarkOptions,
  type CohortBenchmarkRun,
  type ProtocolCard,
  writeCohortBenchmark,
} from './benchmark-cohort.ts';
export { type BenchmarkMap, genesByPcc } from './benchmark-maps.ts';
export { checkEngine, type EngineReport } from './check-engine.ts';
export { type DemoOptions, type DemoRun, runDemo } from './demo.ts';
export {
  type EmbedRun,
  type EmbedRunOptions,
  type EncoderSettings,
  embedPictures,
  embedSections,
  readEmbedded,
} from './embed-sections.ts';
export { type FitRun, fitHead } from './fit-head.ts';
export { type Prediction, type PredictOptions, predictSection } from './predict-section.ts';
export { readDuplicates } from './read-duplicates.ts';
export * from './slides/index.ts';
export { writeReport } from './write-report.ts';
