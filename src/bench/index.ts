/** Speed of the hot paths: `runBench()` measures, `formatBenchReport()` prints; the loader has its own. */
export type { BenchCase, Target } from './case.ts';
export { formatLoaderSpeed, type LoaderBenchOptions, type LoaderSpeed, measureLoader } from './loader.ts';
export {
  formatPretrainingSpeed,
  measurePretraining,
  type PretrainingBenchOptions,
  type PretrainingSpeed,
} from './pretraining.ts';
export { formatBenchReport } from './report.ts';
export { BENCH_NAMES, type BenchOptions, type BenchReport, type BenchRow, runBench } from './run.ts';
