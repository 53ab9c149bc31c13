/** The other tasks of the paper, where data are given: each for every pretrained backbone. */
import { join } from 'node:path';
import {
  benchmarkClassification,
  benchmarkRetrieval,
  benchmarkSurvival,
  embedSlides,
  labelledPictures,
  listSlides,
  RETRIEVAL_DIRECTIONS,
  supportAndGallery,
  writeRun,
} from '../pipeline/index.ts';
import { encoderOf } from './benchmark-stage.ts';
import type { StageBase } from './pretrain-stages.ts';
import { SCALES } from './scales.ts';
import type { Stage, StageProgress } from './stages.ts';

export const TASKS = ['classification', 'retrieval', 'survival'] as const;
export type Task = (typeof TASKS)[number];

const SEED = 0;

interface TaskRun {
  readonly base: StageBase;
  readonly backbone: string;
  readonly seed: number;
  readonly folder: string;
  readonly progress: StageProgress;
}

function pictures({ base, backbone, seed, folder, progress }: TaskRun, path: string) {
  const { options } = base;
  const onProgress = (_id: string, done: number, total: number) => {
    options.signal?.throwIfAborted();
    progress(done, total, 'embedding');
  };
  const encoder = encoderOf(options, backbone, seed);
  return labelledPictures(path, options.tasks.format, folder, encoder, { onProgress });
}

async function classification(task: TaskRun): Promise<void> {
  const data = await pictures(task, task.base.options.tasks.classification!);
  const run = benchmarkClassification(data, {
    methods: [
      { kind: 'logistic', c: 1 },
      { kind: 'knn', k: 20, distance: 'cosine', vote: 'softmax' },
    ],
    folds: 5,
    seed: SEED,
    standardize: false,
    resamples: SCALES[task.base.options.scale].resamples,
  });
  await writeRun(task.folder, run);
}

async function retrieval(task: TaskRun): Promise<void> {
  const [support, gallery] = task.base.options.tasks.retrieval!;
  const first = await pictures(task, support!);
  const [from, to] =
    gallery === undefined ? supportAndGallery(first) : [first, await pictures(task, gallery)];
  const options = { centred: false, ks: [1, 3, 5, 10], majorityK: 5 };
  await writeRun(task.folder, benchmarkRetrieval(from, to, [...RETRIEVAL_DIRECTIONS], options));
}

async function survival({ base, backbone, seed, folder, progress }: TaskRun): Promise<void> {
  const { options } = base;
  const { slides, table } = options.tasks.survival!;
  const embeddings = join(folder, 'embeddings');
  await embedSlides(await listSlides([slides]), embeddings, encoderOf(options, backbone, seed), {
    run: options.signal === undefined ? {} : { signal: options.signal },
    onProgress: (id, done, total) => progress(done, total, id),
  });
  const run = await benchmarkSurvival(embeddings, {
    table,
    endpoint: 'os',
    folds: 5,
    missing: 'drop',
    method: { kind: 'panther' },
    clusters: 16,
    form: 'allcat',
    model: { components: 10, l2: 0.1 },
    bootstrap: { resamples: SCALES[options.scale].resamples, seed: SEED },
    seed: SEED,
  });
  await writeRun(folder, run);
}

const WORK: Readonly<Record<Task, (run: TaskRun) => Promise<void>>> = { classification, retrieval, survival };

/** Tasks that data were given for. */
export function givenTasks({ tasks }: StageBase['options']): Task[] {
  return TASKS.filter((task) => tasks[task] !== undefined);
}

/** Leaves what the task's own benchmark command writes. */
export function taskStage(task: Task, backbone: string, seed: number, base: StageBase): Stage {
  const { options, needs, expectedSeconds } = base;
  const { evaluation, resamples } = SCALES[options.scale];
  return {
    id: `${task}/${backbone}/seed-${seed}`,
    title: `${task} with ${backbone}, seed ${seed}`,
    settings: {
      data: options.tasks[task],
      format: options.tasks.format,
      features: options.features,
      ...evaluation,
      resamples,
    },
    needs,
    expectedSeconds,
    run: (folder, progress) => WORK[task]({ base, backbone, seed, folder, progress }),
  };
}
