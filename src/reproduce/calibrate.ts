/** How long each kind of work takes on this machine, by doing a little of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embed, openBackbone } from '../backbones/index.ts';
import { writeSectionPatches } from '../data/index.ts';
import { readCohort } from '../spatial/index.ts';
import { writeSyntheticCohort } from '../synthetic/index.ts';
import { full, matmul, scope, setThreads } from '../tensor/index.ts';
import { pretrain } from '../train/index.ts';
import { generatedOptions } from './data.ts';
import type { ReproduceOptions } from './options.ts';
import { pretrainConfig } from './pretrain-stages.ts';
import { SCALES } from './scales.ts';

/** Seconds. */
export interface BackboneCost {
  /** One DINOv2 step of the whole batch. */
  readonly step: number;
  /** One patch through the frozen encoder. */
  readonly patch: number;
}

export interface Costs {
  readonly backbones: Readonly<Record<string, BackboneCost>>;
  /** Drawing one spot's share of a generated cohort. */
  readonly drawSpot: number;
  /** Cutting one patch. */
  readonly cutPatch: number;
  /** Matrix products, operations per second in float64. */
  readonly flops: number;
}

const SPOTS = 12;
const STEPS = 4;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function matrixSpeed(): number {
  const side = 384;
  return scope(() => {
    const x = full([side, side], 1, { dtype: 'float64' });
    const multiply = () => scope(() => void matmul(x, x));
    multiply();
    const start = performance.now();
    for (let i = 0; i < 4; i++) multiply();
    return (4 * 2 * side ** 3 * 1000) / (performance.now() - start);
  });
}

async function backboneCost(
  name: string,
  options: ReproduceOptions,
  files: readonly string[],
  folder: string,
): Promise<BackboneCost> {
  const { calibrationBatch, evaluation } = SCALES[options.scale];
  const config = pretrainConfig(options, name, 0, { files });
  const whole = config.ssl.batch;
  const batch = Math.min(whole, calibrationBatch);
  const small = {
    ...config,
    ssl: { ...config.ssl, batch },
    epochLength: 'given' as const,
    run: { ...config.run, stopAfter: STEPS, collapseSteps: 1_000_000 },
  };
  const seconds: number[] = [];
  await pretrain(small, {
    folder,
    resume: false,
    onStep: ({ imagesPerSecond }) => seconds.push(batch / imagesPerSecond),
  });
  await rm(folder, { recursive: true, force: true });
  const { backbone } = await openBackbone({
    backbone: name,
    options: SCALES[options.scale].options(name),
    randomInit: 0,
    device: options.device,
  });
  try {
    const count = Math.min(evaluation.batch, 8);
    const rgb = new Uint8Array(count * evaluation.sizePx ** 2 * 3).fill(128);
    const forward = async () => embed(backbone, rgb, evaluation.sizePx, options.features);
    await forward();
    const patch = (await timed(forward)) / count;
    // The first step warms up.
    const step = (Math.min(...seconds.slice(1)) * whole) / batch;
    return { step, patch };
  } finally {
    backbone.dispose();
  }
}

/**
 * Draws one small section, cuts its patches, and lets every backbone make a few steps and passes. Seconds at `tiny`,
 * about a minute per backbone at `paper`, where a step's time is scaled up from two images.
 */
export async function calibrate(
  options: ReproduceOptions,
  onBackbone: (name: string) => void = () => undefined,
): Promise<Costs> {
  const folder = await mkdtemp(join(tmpdir(), 'mvhybrid-calibration-'));
  if (options.threads !== undefined) setThreads(options.threads);
  try {
    const cohort = join(folder, 'cohort');
    const one = { ...generatedOptions(options), studies: 1, patientsPerStudy: 1, spotsPerSection: SPOTS };
    const draw = await timed(() => writeSyntheticCohort(cohort, one));
    const [section] = (await readCohort(cohort)).sections;
    const file = join(folder, 'patches.h5');
    const { pretraining } = SCALES[options.scale];
    const cut = await timed(() => writeSectionPatches(section!, file, pretraining));
    const backbones: Record<string, BackboneCost> = {};
    for (const name of options.backbones) {
      options.signal?.throwIfAborted();
      onBackbone(name);
      backbones[name] = await backboneCost(name, options, [file], join(folder, name));
    }
    return { backbones, drawSpot: draw / SPOTS, cutPatch: cut / SPOTS, flops: matrixSpeed() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
