/**
 * What holds up pretraining with the `small` preset: the loader alone against what the training steps take, and the
 * share of a step that is not spent in the engine.
 *
 *   node dist/bench/pretraining.js [steps]
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createBackbone } from '../backbones/index.ts';
import type { CropBatch } from '../data/index.ts';
import { DinoV2, dinoV2Config, trainStep } from '../ssl/index.ts';
import { profileOperators, scope, setThreads, threadCount } from '../tensor/index.ts';
import { batchOf, PRESETS } from '../train/index.ts';
import {
  formatLoaderSpeed,
  type LoaderBenchOptions,
  type LoaderSpeed,
  loadBatches,
  measureLoader,
} from './loader.ts';
import { median } from './timing.ts';

export interface PretrainingBenchOptions {
  /** Steps that are timed; default 10. */
  readonly steps?: number;
  /** Threads of the engine; default all cores. */
  readonly threads?: number;
  /** Instead of the `small` preset's sizes; for tests. */
  readonly loader?: LoaderBenchOptions;
}

export interface PretrainingSpeed {
  readonly loader: LoaderSpeed;
  readonly threads: number;
  readonly batch: number;
  /** Median wall time of one step on a batch that is there, with its masks and the copy of the crops. */
  readonly secondsPerStep: number;
  /** Images per second that those steps take. */
  readonly imagesPerSecond: number;
  /** Share of the steps' time that was not spent in an operation of the engine, 0 to 1. */
  readonly outsideEngine: number;
}

const WARM_UP = 2;

/** Wall time of each step and the time its operations took, in milliseconds. */
function timeSteps(model: DinoV2, batches: readonly CropBatch[]): { wall: number; engine: number }[] {
  return batches.map((crops) => {
    const start = performance.now();
    const operators = profileOperators(() => scope(() => trainStep(model, batchOf(crops, model, 0))));
    const wall = performance.now() - start;
    return { wall, engine: operators.reduce((sum, { milliseconds }) => sum + milliseconds, 0) };
  });
}

/** Measures the loader alone, then steps alone, on generated patches. */
export async function measurePretraining(options: PretrainingBenchOptions = {}): Promise<PretrainingSpeed> {
  const { steps = 10, threads = cpus().length } = options;
  const { backbone, ssl, patches } = PRESETS.small;
  const { name, ...backboneOptions } = backbone;
  const { globalPx, localPx, locals } = ssl.crops;
  const sizes: LoaderBenchOptions = {
    patchPx: patches.sizePx,
    globalPx,
    localPx,
    localCrops: locals,
    batchSize: ssl.batch,
    workers: cpus().length,
    ...options.loader,
  };
  const loader = await measureLoader(sizes);
  const batches = await loadBatches(sizes, steps + WARM_UP);
  const before = threadCount();
  setThreads(threads);
  const config = dinoV2Config({ ...ssl, batch: loader.options.batchSize });
  const model = new DinoV2(() => createBackbone(name, backboneOptions), config);
  try {
    const times = timeSteps(model, batches).slice(WARM_UP);
    const total = (of: 'wall' | 'engine'): number => times.reduce((sum, time) => sum + time[of], 0);
    const secondsPerStep = median(times.map(({ wall }) => wall)) / 1000;
    return {
      loader,
      threads,
      batch: config.batch,
      secondsPerStep,
      imagesPerSecond: config.batch / secondsPerStep,
      outsideEngine: 1 - total('engine') / total('wall'),
    };
  } finally {
    model.dispose();
    setThreads(before);
  }
}

/** The lines that the benchmark prints. */
export function formatPretrainingSpeed(speed: PretrainingSpeed): string {
  const { loader, threads, batch, secondsPerStep, imagesPerSecond, outsideEngine } = speed;
  return [
    formatLoaderSpeed(loader),
    `step: ${secondsPerStep.toFixed(3)} s for ${batch} images with ${threads} threads, ${imagesPerSecond.toFixed(1)} images/s; ` +
      `${(100 * outsideEngine).toFixed(1)} % of it outside the engine`,
    `loader / step: ${(loader.imagesPerSecond / imagesPerSecond).toFixed(1)} times the images that the steps take`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const steps = Number(process.argv[2] ?? 10);
  process.stdout.write(`${formatPretrainingSpeed(await measurePretraining({ steps }))}\n`);
}
