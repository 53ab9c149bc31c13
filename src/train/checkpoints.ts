/** Saved states of a run: one safetensors file each, whole or absent, the newest few kept. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, UsageError } from '../errors.ts';
import { type DinoV2, restore, type StateValues, stateOf } from '../ssl/index.ts';
import { noGrad, scope, type Tensor, tensor, toBytes } from '../tensor/index.ts';
import { openSafetensors, type StoredTensor, writeSafetensors } from '../weights/index.ts';
import { decisiveConfig, type RunConfig } from './config.ts';

const KIND = 'pretraining state';
const NAME = /^step-(\d{8})\.safetensors$/;
/** What a run that was killed while it saved leaves behind. */
const UNFINISHED = /^step-\d{8}\.safetensors\.[0-9a-f]{8}\.tmp$/;

/** Path of the state before step `step`. */
export function checkpointPath(folder: string, step: number): string {
  return join(folder, 'checkpoints', `step-${String(step).padStart(8, '0')}.safetensors`);
}

/** Steps with a saved state, ascending. */
export async function savedSteps(folder: string): Promise<number[]> {
  const names = await readdir(join(folder, 'checkpoints')).catch(() => []);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** A tensor whose bytes are copied out only when the writer comes to it. */
function lazily(value: Tensor): StoredTensor {
  return {
    dtype: 'F32',
    shape: value.shape,
    get bytes() {
      return toBytes(value);
    },
  };
}

/** Saves the state; removes the oldest ones beyond `keep` and what a killed run left. Returns its path. */
export async function saveCheckpoint(folder: string, model: DinoV2, config: RunConfig): Promise<string> {
  await mkdir(join(folder, 'checkpoints'), { recursive: true });
  const { tensors, values } = stateOf(model);
  const stored = new Map([...tensors].map(([name, value]) => [name, lazily(value)]));
  const path = checkpointPath(folder, model.step);
  await writeSafetensors(path, stored, {
    metadata: { kind: KIND, values: JSON.stringify(values), config: JSON.stringify(decisiveConfig(config)) },
  });
  const steps = await savedSteps(folder);
  for (const old of steps.slice(0, -config.run.keepCheckpoints))
    await rm(checkpointPath(folder, old), { force: true });
  const names = await readdir(join(folder, 'checkpoints'));
  for (const name of names.filter((name) => UNFINISHED.test(name)))
    await rm(join(folder, 'checkpoints', name), { force: true });
  return path;
}

/** Dotted path of the first value in which two plain objects differ. */
function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Object.is(a, b) ? undefined : path;
  }
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What may change between two sittings of one run: `run` and where the patches lie. */
function checkConfig(saved: ReturnType<typeof decisiveConfig>, now: RunConfig, path: string): void {
  const changed = (['backbone', 'augmentation', 'ssl'] as const)
    .map((part) => firstDifference(saved[part], now[part], part))
    .find((found) => found !== undefined);
  if (changed === undefined) return;
  throw new UsageError('resume', {
    need: `the ${changed} that the run began with`,
    found: `another one than in ${path}`,
    next: 'resume with the same run file, or start a new run in another folder',
  });
}

/**
 * Puts the newest saved state into the model.
 *
 * @returns the step it goes on with, or undefined when none is saved.
 * @throws UsageError when the run was begun with other options; DataError when the file is damaged.
 */
export async function loadNewestCheckpoint(
  folder: string,
  model: DinoV2,
  config: RunConfig,
): Promise<number | undefined> {
  const step = (await savedSteps(folder)).at(-1);
  if (step === undefined) return undefined;
  const path = checkpointPath(folder, step);
  const file = openSafetensors(path);
  try {
    const { kind, values, config: saved } = file.metadata;
    if (kind !== KIND || values === undefined || saved === undefined) {
      throw new DataError('resume', { need: 'a saved state of a run', found: `other tensors in ${path}` });
    }
    checkConfig(JSON.parse(saved) as ReturnType<typeof decisiveConfig>, config, path);
    noGrad(() =>
      scope(() => {
        const tensors = new Map(
          [...file.tensors].map(([name, { shape, bytes }]) => [
            name,
            tensor(bytes, shape, { dtype: 'float32', device: model.device }),
          ]),
        );
        restore(model, { tensors, values: JSON.parse(values) as StateValues });
      }),
    );
    return model.step;
  } finally {
    file.close();
  }
}
