/** The whole way on generated data: sections, embeddings, benchmark, head, prediction, maps. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import { readCohort } from '../spatial/index.ts';
import { writeSyntheticCohort } from '../synthetic/index.ts';
import { benchmarkCohort, type CohortBenchmark, writeCohortBenchmark } from './benchmark-cohort.ts';
import type { EmbedRunOptions, EncoderSettings } from './embed-sections.ts';
import { fitHead } from './fit-head.ts';
import { type Prediction, predictSection } from './predict-section.ts';
import { writeReport } from './write-report.ts';

export interface DemoOptions {
  /** Where cohort and results go; emptied first. */
  readonly folder: string;
  readonly seed: number;
  readonly spotsPerSection: number;
  /** Called when a stage begins. */
  readonly onStage: (stage: string) => void;
  readonly embed?: EmbedRunOptions;
}

export interface DemoRun {
  readonly benchmark: CohortBenchmark;
  readonly benchmarkFiles: readonly string[];
  readonly head: string;
  readonly prediction: Prediction;
  /** The section predicted, which the head has not seen. */
  readonly heldOut: string;
}

const TARGETS = { genes: { method: 'hvg', count: 50 } } as const;

/** One gene each of epithelium, stroma and immune cells where the panel has them, to be seen in the maps. */
function genesToDraw(genes: readonly string[]): string[] {
  const programmes = ['EPI', 'STR', 'IMM', 'PRO', 'NEC'];
  const found = programmes.flatMap((prefix) => genes.find((gene) => gene.startsWith(prefix)) ?? []);
  return (found.length > 0 ? found : genes).slice(0, 3);
}

/** Runs every stage with a seeded MV_Hybrid of random weights. */
export async function runDemo(options: DemoOptions): Promise<DemoRun> {
  const { folder, seed, onStage } = options;
  const embed = options.embed === undefined ? {} : { embed: options.embed };
  const encoder: EncoderSettings = {
    backbone: 'mv-hybrid',
    randomInit: seed,
    features: 'cls+mean',
    patchUm: 112,
    sizePx: 224,
    batch: 16,
  };
  onStage('generating three studies of two patients');
  await rm(folder, { recursive: true, force: true });
  const cohortFolder = join(folder, 'cohort');
  await writeSyntheticCohort(cohortFolder, { seed, spotsPerSection: options.spotsPerSection });
  const { sections, failures } = await readCohort(cohortFolder);
  if (failures.length > 0) throw failures[0]!.error;

  onStage('embedding every spot, then leave-one-study-out');
  const probe = { alpha: 'hest', intercept: true } as const;
  const benchmarkFolder = join(folder, 'benchmark');
  const { result, values } = await benchmarkCohort(sections, benchmarkFolder, encoder, {
    targets: TARGETS,
    probe,
    components: 'auto',
    undefinedAs: 'skip',
    folds: 3,
    splitSeed: seed,
    splits: ['random-spots', 'study'],
    bootstrap: { resamples: 500, blockUm: 500, seed },
    ...embed,
  });
  const benchmarkFiles = await writeCohortBenchmark(benchmarkFolder, result, values);
  benchmarkFiles.push(...(await writeReport(benchmarkFolder)));

  onStage('training a head without the last study, predicting it');
  const lastStudy = sections.at(-1)!.study;
  const training = sections.filter(({ study }) => study !== lastStudy);
  const heldOut = sections.at(-1)!;
  const headPath = join(folder, 'model', 'head.safetensors');
  // The benchmark has embedded all sections already.
  const { head } = await fitHead(training, { path: headPath, folder: benchmarkFolder }, encoder, {
    targets: TARGETS,
    probe,
    components: 'auto',
    ...embed,
  });
  const prediction = await predictSection(head, heldOut, {
    folder: join(folder, 'predicted'),
    embeddings: join(benchmarkFolder, 'embeddings'),
    mapGenes: genesToDraw(head.genes),
    spotUm: 100,
    compare: true,
    ...embed,
  });
  if (prediction.maps.length === 0) throw new DataError('demo', { need: 'genes to draw', found: 'none' });
  return { benchmark: result, benchmarkFiles, head: headPath, prediction, heldOut: heldOut.id };
}
