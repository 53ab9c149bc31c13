/** Whole runs, from files to files: what the commands and the server call. */

export { analyzeFrequency, type FrequencyRun } from './analyze-frequency.ts';
export {
  benchmarkClassification,
  benchmarkSlides,
  type ClassificationOptions,
  type ClassificationRun,
} from './benchmark-classification.ts';
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
export {
  benchmarkRetrieval,
  RETRIEVAL_DIRECTIONS,
  type RetrievalRun,
  supportAndGallery,
} from './benchmark-retrieval.ts';
export { benchmarkSurvival, type SurvivalBenchmarkOptions, type SurvivalRun } from './benchmark-survival.ts';
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
export {
  joinLabelled,
  type LabelledData,
  labelledEmbeddings,
  labelledPictures,
  PICTURE_FORMATS,
  type PictureFormat,
} from './labelled-data.ts';
export { type Prediction, type PredictOptions, predictSection } from './predict-section.ts';
export { PREDICTION_CARD, type PredictionCard } from './prediction-card.ts';
export { readDuplicates } from './read-duplicates.ts';
export { selectHeadGenes } from './select-genes.ts';
export * from './slides/index.ts';
export { writeReport } from './write-report.ts';
export { writeRun } from './write-run.ts';
