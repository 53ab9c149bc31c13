/** All stages of a run, with the time each is expected to take. */
import { benchmarkStage, randomFolds } from './benchmark-stage.ts';
import type { Costs } from './calibrate.ts';
import { type CohortFacts, cohortStage, GENERATED, type RunData } from './data.ts';
import type { ReproduceOptions } from './options.ts';
import { patchStage, pretrainConfig, pretrainStage } from './pretrain-stages.ts';
import { SCALES } from './scales.ts';
import { spectraStage } from './spectra-stage.ts';
import type { Stage } from './stages.ts';
import { givenTasks, taskStage } from './task-stages.ts';

/** A stage of the plan as a reader needs it. */
export interface PlannedStage {
  readonly id: string;
  readonly title: string;
  readonly expectedSeconds: number;
  readonly finished: boolean;
}

export interface PlanInput {
  readonly options: ReproduceOptions;
  readonly facts: CohortFacts;
  /** That are pretrained on. */
  readonly patches: number;
  /** Digest of a given cohort, or of the generated one's options. */
  readonly identity: string;
  readonly costs: Costs;
  readonly data: () => Promise<RunData>;
}

/** Steps of one pretraining. */
export function stepsOf(options: ReproduceOptions, patches: number): number {
  const { ssl, epochLength } = pretrainConfig(options, options.backbones[0]!, 0, { files: ['patches'] });
  const epochSteps =
    epochLength === 'given' ? ssl.schedule.epochSteps : Math.max(1, Math.ceil(patches / ssl.batch));
  return ssl.schedule.epochs * epochSteps;
}

/** Moments, decomposition and resamples of both splits. */
function probeSeconds({ options, facts, costs }: PlanInput): number {
  const { resamples, geneCount } = SCALES[options.scale];
  const folds = randomFolds(options, facts.sections) + facts.groups;
  const width = 768;
  const products = folds * (2 * facts.spots * width + 9 * width ** 2) * width;
  // About a microsecond per resample and gene in each of the two passes over resamples.
  return products / costs.flops + 2e-6 * folds * resamples * geneCount;
}

/** In the order in which they run. */
export function listStages(input: PlanInput): Stage[] {
  const { options, facts, costs, data, identity } = input;
  const { spectrumPictures } = SCALES[options.scale];
  const cohort = options.data === GENERATED ? [cohortStage(options, facts.spots * costs.drawSpot)] : [];
  const base = (needs: readonly Stage[], expectedSeconds: number) => ({ options, needs, expectedSeconds });
  const patches =
    options.pictures === undefined
      ? [patchStage(data, identity, base(cohort, facts.spots * costs.cutPatch))]
      : [];
  const steps = stepsOf(options, input.patches);
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const runs = seeds.flatMap((seed) =>
    options.backbones.flatMap((backbone) => {
      const cost = costs.backbones[backbone]!;
      const trained = pretrainStage(backbone, seed, base(patches, steps * cost.step));
      const embedding = facts.spots * (cost.patch + costs.cutPatch);
      const spectra =
        facts.sections *
        Math.min(spectrumPictures, facts.spots / facts.sections) *
        (cost.patch + costs.cutPatch);
      const scored = { data, identity, base: base([...cohort, trained], embedding + probeSeconds(input)) };
      return [
        trained,
        benchmarkStage(backbone, seed, scored),
        spectraStage(backbone, seed, { data, identity, base: base([...cohort, trained], spectra) }),
        ...givenTasks(options).map((task) => taskStage(task, backbone, seed, base([trained], embedding))),
      ];
    }),
  );
  return [...cohort, ...patches, ...runs];
}
