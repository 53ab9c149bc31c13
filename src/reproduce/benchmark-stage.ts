/** One pretrained backbone on the cohort: random split and held-out groups, with resamples kept for comparisons. */
import { join } from 'node:path';
import { type Matrix, selectRows } from '../core/matrix.ts';
import {
  BOOTSTRAP_METRICS,
  type BootstrapMetric,
  drawBlocks,
  expressionMatrix,
  planSplit,
  type Replicates,
  replicateScores,
  type SplitName,
  spatialBlocks,
} from '../eval/index.ts';
import {
  benchmarkCohort,
  type CohortBenchmarkRun,
  type EncoderSettings,
  writeCohortBenchmark,
} from '../pipeline/index.ts';
import { writePredictions } from '../pipeline/prediction-file.ts';
import type { Section } from '../spatial/index.ts';
import { openSafetensors, type StoredTensor, writeSafetensors } from '../weights/index.ts';
import type { RunData } from './data.ts';
import type { ReproduceOptions } from './options.ts';
import { type StageBase, teacherPath } from './pretrain-stages.ts';
import { SCALES } from './scales.ts';
import type { Stage } from './stages.ts';

/** The random split of the paper, as far as it is known. */
export const RANDOM_SPLIT: SplitName = 'random-sections';
const BLOCK_UM = 500;
const SEED = 0;
const REPLICATES = 'replicates.safetensors';

/** Random folds: those of the scale, fewer for fewer sections. */
export function randomFolds(options: ReproduceOptions, sections: number): number {
  return Math.min(SCALES[options.scale].folds, sections);
}

/** A frozen, pretrained encoder. */
export function encoderOf(options: ReproduceOptions, backbone: string, seed: number): EncoderSettings {
  const { out, features, device, threads, scale } = options;
  const { evaluation } = SCALES[scale];
  return { weights: teacherPath(out, backbone, seed), features, device, threads, ...evaluation };
}

function targetsOf(options: ReproduceOptions, { drivers }: RunData) {
  if (drivers === undefined) {
    return {
      genes: { method: 'hvg' as const, count: SCALES[options.scale].geneCount },
      geneScope: SCALES[options.scale].probe.geneScope,
    };
  }
  return { genes: drivers.genes.filter(({ driver }) => driver !== 'none').map(({ name }) => name) };
}

/** Resamples of every fold, by the same draws in every run on the same cohort. */
function replicatesOf(
  { result, values }: CohortBenchmarkRun,
  folds: number,
  resamples: number,
): Map<string, Replicates> {
  const sections: readonly Section[] = values.sections;
  const blocks = spatialBlocks(sections, BLOCK_UM);
  const predicted = new Map(
    values.predictions.map((one): [string, Matrix] => [`${one.split}/${one.fold}`, one.predicted]),
  );
  const all = new Map<string, Replicates>();
  for (const split of result.splits) {
    const plan = planSplit(split.name as SplitName, sections, { folds, seed: SEED });
    for (const [f, fold] of split.folds.entries()) {
      const { test } = plan.folds[f]!;
      const measured: Matrix = selectRows(expressionMatrix(sections, fold.genes, undefined), test);
      const key = `${split.name}/${fold.name}`;
      const draws = drawBlocks(test, blocks, resamples, `${SEED}/${key}`);
      all.set(key, replicateScores(measured, predicted.get(key)!, draws, 'skip'));
    }
  }
  return all;
}

async function writeReplicates(folder: string, replicates: ReadonlyMap<string, Replicates>): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const [key, scores] of replicates) {
    const data = new Float64Array(BOOTSTRAP_METRICS.flatMap((metric) => [...scores[metric]]));
    const shape = [BOOTSTRAP_METRICS.length, scores.pcc.length];
    tensors.set(key, { dtype: 'F64', shape, bytes: new Uint8Array(data.buffer) });
  }
  await writeSafetensors(join(folder, REPLICATES), tensors, { metadata: { kind: 'bootstrap resamples' } });
}

/** Resamples by `<split>/<fold>`. */
export function readReplicates(folder: string): Map<string, Replicates> {
  const file = openSafetensors(join(folder, REPLICATES));
  try {
    return new Map(
      [...file.tensors].map(([key, { shape, bytes }]) => {
        const resamples = shape[1]!;
        const data = new Float64Array(Uint8Array.from(bytes).buffer);
        const entries = BOOTSTRAP_METRICS.map((metric, m): [BootstrapMetric, Float64Array] => [
          metric,
          data.subarray(m * resamples, (m + 1) * resamples),
        ]);
        return [key, Object.fromEntries(entries) as Record<BootstrapMetric, Float64Array>];
      }),
    );
  } finally {
    file.close();
  }
}

/** Embeds, fits, scores; leaves result.json, genes.csv, predictions, resamples and embeddings. */
export function benchmarkStage(
  backbone: string,
  seed: number,
  { data, identity, base }: { data: () => Promise<RunData>; identity: string; base: StageBase },
): Stage {
  const { options, needs, expectedSeconds } = base;
  const { evaluation, geneCount, probe, folds, resamples } = SCALES[options.scale];
  return {
    id: `benchmark/${backbone}/seed-${seed}`,
    title: `benchmark of ${backbone}, seed ${seed}`,
    settings: {
      identity,
      features: options.features,
      ...evaluation,
      geneCount,
      probe,
      folds,
      resamples,
      BLOCK_UM,
    },
    needs,
    expectedSeconds,
    run: async (folder, progress) => {
      const known = await data();
      const used = randomFolds(options, known.sections.length);
      let before = 0;
      let last = '';
      let reached = 0;
      const run = await benchmarkCohort(known.sections, folder, encoderOf(options, backbone, seed), {
        targets: targetsOf(options, known),
        probe: { alpha: probe.alpha, intercept: probe.intercept },
        components: probe.pca === 'none' ? undefined : probe.pca,
        undefinedAs: 'skip',
        splits: [RANDOM_SPLIT, known.facts.heldOut],
        folds: used,
        splitSeed: SEED,
        embed: {
          onProgress: (id, done) => {
            if (id !== last) before += reached;
            [last, reached] = [id, done];
            progress(before + done, known.facts.spots, 'embedding');
            options.signal?.throwIfAborted();
          },
        },
      });
      const broken = run.failures[0];
      if (broken !== undefined) throw broken.error;
      await writePredictions(folder, run.values.predictions);
      await writeReplicates(folder, replicatesOf(run, used, resamples));
      await writeCohortBenchmark(folder, run.result);
    },
  };
}
