/** Patches cut once for all, then one pretraining per backbone and seed. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSectionPatches } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { mergeOptions, pretrain, type RunConfig, readRunConfig } from '../train/index.ts';
import type { RunData } from './data.ts';
import type { ReproduceOptions } from './options.ts';
import { SCALES } from './scales.ts';
import type { Stage } from './stages.ts';

/** The run file of one pretraining: the same for all backbones but for the backbone. */
export function pretrainConfig(
  { scale, ssl = {}, device = 'cpu', threads }: ReproduceOptions,
  backbone: string,
  seed: number,
  patches: { readonly files: readonly string[] } | { readonly pictures: string },
): RunConfig {
  const { options, ssl: recipe, checkpointSteps } = SCALES[scale];
  const flags = {
    backbone: { name: backbone, ...options(backbone) },
    patches,
    ssl: { ...mergeOptions({ ...recipe }, { ...ssl }), seed },
    run: {
      device,
      workers: 1,
      checkpointSteps,
      keepCheckpoints: 1,
      ...(threads === undefined ? {} : { threads }),
    },
  };
  return readRunConfig({ flags });
}

/** What decides the weights, for the key of a stage: no path, no thread. */
function decisive({ backbone, augmentation, ssl, epochLength }: RunConfig) {
  return { backbone, augmentation, ssl, epochLength };
}

/** Cuts every section's patches for pretraining. */
export function patchStage(data: () => Promise<RunData>, identity: string, base: StageBase): Stage {
  const { options, needs, expectedSeconds } = base;
  const { pretraining } = SCALES[options.scale];
  return {
    id: 'patches',
    title: 'cutting patches',
    settings: { ...pretraining, identity },
    needs,
    expectedSeconds,
    run: async (folder, progress) => {
      const { sections } = await data();
      for (const [i, section] of sections.entries()) {
        const path = join(folder, `${section.id}.h5`);
        const { signal } = options;
        if (!existsSync(path))
          await writeSectionPatches(section, path, { ...pretraining, ...(signal && { signal }) });
        progress(i + 1, sections.length, section.id);
      }
    },
  };
}

export interface StageBase {
  readonly options: ReproduceOptions;
  readonly needs: readonly Stage[];
  readonly expectedSeconds: number;
}

async function patchFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.h5')).sort();
  return names.map((name) => join(folder, name));
}

/** One backbone from one seed, resumed from its newest state when a run was killed. */
export function pretrainStage(backbone: string, seed: number, base: StageBase): Stage {
  const { options, needs, expectedSeconds } = base;
  const { out, pictures, signal } = options;
  const place = pictures === undefined ? { files: ['patches'] } : { pictures };
  return {
    id: `pretrain/${backbone}/seed-${seed}`,
    title: `pretraining ${backbone}, seed ${seed}`,
    settings: { ...decisive(pretrainConfig(options, backbone, seed, place)), pictures: pictures ?? null },
    needs,
    expectedSeconds,
    run: async (folder, progress) => {
      const patches =
        pictures === undefined ? { files: await patchFiles(join(out, 'patches')) } : { pictures };
      const run = await pretrain(pretrainConfig(options, backbone, seed, patches), {
        folder,
        resume: true,
        ...(signal === undefined ? {} : { stop: signal }),
        onStep: ({ losses }, step, total) => progress(step, total, `loss ${losses.total.toFixed(3)}`),
      });
      signal?.throwIfAborted();
      if (!run.finished) {
        throw new DataError('reproduce', { need: 'a finished pretraining', found: `${run.steps} steps` });
      }
      // The teacher stays; the states were for resuming.
      await rm(join(folder, 'checkpoints'), { recursive: true, force: true });
    },
  };
}

/** Weights that a pretraining stage leaves. */
export function teacherPath(out: string, backbone: string, seed: number): string {
  return join(out, 'pretrain', backbone, `seed-${seed}`, 'teacher.safetensors');
}
