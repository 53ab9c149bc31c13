/** The pretraining loop: batches, steps, log, checkpoints, until the schedule ends or somebody asks to stop. */
import { join } from 'node:path';
import { createBackbone } from '../backbones/index.ts';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { stableJson } from '../core/stable-json.ts';
import {
  type BrokenPatch,
  type CropBatch,
  createAugmentation,
  type PatchListing,
  PatchLoader,
  patchCount,
} from '../data/index.ts';
import { DataError, UsageError } from '../errors.ts';
import type { SectionFailure } from '../spatial/index.ts';
import {
  type Batch,
  type Communicator,
  DinoV2,
  type StepReport,
  singleProcess,
  trainStep,
} from '../ssl/index.ts';
import { item, parseDevice, scope, setThreads, tensor } from '../tensor/index.ts';
import { loadNewestCheckpoint, saveCheckpoint, savedSteps } from './checkpoints.ts';
import type { RunConfig } from './config.ts';
import { batchOf } from './crop-batch.ts';
import { writeCurves } from './curves-page.ts';
import { appendMetrics, type MetricsLine, truncateMetrics } from './metrics-log.ts';
import { listRunPatches } from './patches.ts';
import { writeTeacher } from './teacher-file.ts';

export interface PretrainOptions {
  /** Where everything goes: config, metrics, checkpoints, teacher. */
  readonly folder: string;
  /** Go on from the newest checkpoint; without it the folder must hold none. */
  readonly resume: boolean;
  /** Once aborted, the step is finished, saved, and the run returns. */
  readonly stop?: AbortSignal;
  readonly group?: Communicator;
  readonly onPatches?: (count: number) => void;
  readonly onStep?: (line: MetricsLine, step: number, total: number) => void;
}

export interface PretrainRun {
  /** Steps made in all, over all sittings. */
  readonly steps: number;
  readonly totalSteps: number;
  readonly finished: boolean;
  readonly teacher: string;
  readonly curves: string;
  readonly broken: readonly BrokenPatch[];
  readonly failures: readonly SectionFailure[];
}

/** One epoch is one pass over the patches, unless the run file says how many steps it has. */
export function withEpochSteps(config: RunConfig, patches: number, processes: number): RunConfig {
  if (config.epochLength === 'given') return config;
  const epochSteps = Math.max(1, Math.ceil(patches / (config.ssl.batch * processes)));
  return { ...config, ssl: { ...config.ssl, schedule: { ...config.ssl.schedule, epochSteps } } };
}

function makeLoader(config: RunConfig, listing: PatchListing, model: DinoV2): PatchLoader {
  const { ssl, run, augmentation, patches } = config;
  const { mean, std } = model.student.backbone.card;
  return new PatchLoader({
    patches: listing,
    augmentation: createAugmentation({
      ...augmentation,
      mean,
      std,
      globalPx: ssl.crops.globalPx,
      localPx: ssl.crops.localPx,
      localCrops: ssl.crops.locals,
    }),
    batchSize: ssl.batch / run.accumulate,
    seed: ssl.seed,
    rank: model.group.rank,
    worldSize: model.group.size,
    ...(run.workers === undefined ? {} : { workers: run.workers }),
    startIteration: model.step * run.accumulate,
    broken: { share: patches.brokenShare },
  });
}

async function startModel(
  model: DinoV2,
  config: RunConfig,
  { folder, resume }: PretrainOptions,
): Promise<void> {
  if (!resume) {
    const saved = await savedSteps(folder);
    if (saved.length === 0) return;
    throw new UsageError('pretrain', {
      need: 'a folder without a run in it',
      found: `the state of step ${saved.at(-1)} in ${folder}`,
      next: 'go on with --resume, or choose another folder',
    });
  }
  await loadNewestCheckpoint(folder, model, config);
}

/** Loss or gradient that is not finite: nothing was changed, and the last good state is kept. */
function notFinite(report: StepReport, step: number, folder: string): DataError {
  return new DataError('pretrain', {
    need: 'finite losses and gradients',
    found: `${report.problem} at step ${step}`,
    next: `the last good state is in ${join(folder, 'checkpoints')}; lower the learning rate or look at the patches`,
  });
}

interface Sitting {
  readonly model: DinoV2;
  readonly config: RunConfig;
  readonly loader: PatchLoader;
  readonly totalSteps: number;
}

/** One step with its line of the log. */
async function oneStep({
  model,
  config,
  loader,
}: Sitting): Promise<{ line: MetricsLine; report: StepReport }> {
  const start = performance.now();
  const { run, ssl } = config;
  const step = model.step;
  const crops: CropBatch[] = [];
  for (let i = 0; i < run.accumulate; i++) crops.push(await loader.next());
  const loaded = performance.now();
  const report = scope(() => {
    const batches: Batch[] = crops.map((one, i) => batchOf(one, model, i));
    return trainStep(model, batches, {
      collapse: (step + 1) % run.collapseSteps === 0,
      recompute: run.recompute,
    });
  });
  const { lr, weightDecay, teacherMomentum, teacherTemperature } = model.schedules(step);
  const seconds = (performance.now() - start) / 1000;
  const line: MetricsLine = {
    step,
    epoch: Math.floor(step / ssl.schedule.epochSteps),
    lr,
    weightDecay,
    teacherMomentum,
    teacherTemperature,
    losses: report.losses,
    gradientNorms: report.gradientNorms,
    ...(report.collapse === undefined ? {} : { collapse: report.collapse }),
    imagesPerSecond: (ssl.batch * model.group.size) / seconds,
    waiting: (loaded - start) / 1000 / seconds,
  };
  return { line, report };
}

/** Whether any process was asked to stop: all of a group must make the same number of steps. */
function anyAsks(mine: boolean, { group, device }: DinoV2): boolean {
  if (group.size === 1) return mine;
  return scope(() => {
    const flag = tensor(Float32Array.of(mine ? 1 : 0), [1], { device });
    group.allReduceMax([flag]);
    return item(flag) > 0;
  });
}

/** The first process cuts a cohort's patches; the others find them. */
async function patchesOf(config: RunConfig, folder: string, group: Communicator) {
  if (group.rank > 0) group.barrier();
  const patches = await listRunPatches(config, folder);
  if (group.rank === 0) group.barrier();
  return patches;
}

async function steps(sitting: Sitting, options: PretrainOptions): Promise<void> {
  const { model, config, totalSteps } = sitting;
  const { folder, stop, onStep } = options;
  const writes = model.group.rank === 0;
  let saved = model.step;
  const save = async (): Promise<void> => {
    if (writes && saved !== model.step) await saveCheckpoint(folder, model, config);
    saved = model.step;
  };
  while (model.step < totalSteps && !anyAsks(stop?.aborted === true, model)) {
    const { line, report } = await oneStep(sitting);
    if (!report.applied) throw notFinite(report, line.step, folder);
    if (writes) await appendMetrics(folder, line);
    if (model.step % config.run.checkpointSteps === 0) await save();
    onStep?.(line, model.step, totalSteps);
  }
  await save();
}

/**
 * Trains, or goes on training, as configured.
 *
 * A process other than the first of a group writes nothing. The result is the same bits whether or not the run was
 * interrupted, on the CPU and with the same number of processes and threads.
 *
 * @throws UsageError for a folder in use or other options than the run began with; DataError for unusable patches or a
 * loss that is not finite.
 */
export async function pretrain(given: RunConfig, options: PretrainOptions): Promise<PretrainRun> {
  const { folder, group = singleProcess } = options;
  const { listing, failures } = await patchesOf(given, folder, group);
  const count = patchCount(listing);
  options.onPatches?.(count);
  const config = withEpochSteps(given, count, group.size);
  if (config.run.threads !== undefined) setThreads(config.run.threads);
  const { name, ...backboneOptions } = config.backbone;
  const device = parseDevice(config.run.device);
  const model = new DinoV2(() => createBackbone(name, backboneOptions), config.ssl, { device, group });
  try {
    await startModel(model, config, options);
    const writes = group.rank === 0;
    if (writes) {
      await truncateMetrics(folder, model.step);
      await writeFileAtomically(join(folder, 'config.json'), stableJson(config));
    }
    const { epochs, epochSteps } = config.ssl.schedule;
    const totalSteps = Math.min(epochs * epochSteps, config.run.stopAfter ?? Number.POSITIVE_INFINITY);
    const loader = makeLoader(config, listing, model);
    try {
      await steps({ model, config, loader, totalSteps }, options);
    } finally {
      await loader.close();
    }
    const teacher = join(folder, 'teacher.safetensors');
    let curves = '';
    if (writes) {
      await writeTeacher(teacher, model, config);
      curves = await writeCurves(folder);
    }
    const finished = model.step >= totalSteps;
    return { steps: model.step, totalSteps, finished, teacher, curves, broken: loader.broken, failures };
  } finally {
    model.dispose();
  }
}
