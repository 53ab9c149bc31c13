/** Whole runs, from files to files: what the commands and the server call. */
export {
  benchmarkCohort,
  type CohortBenchmark,
  type CohortBenchmarkOptions,
  type CohortBenchmarkRun,
  type ProtocolCard,
  writeCohortBenchmark,
} from './benchmark-cohort.ts';
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
