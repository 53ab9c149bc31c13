/** Small pretraining runs on generated patches. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackbone } from '../../src/backbones/index.ts';
import { DataError, UsageError } from '../../src/errors.ts';
import { syntheticPatches } from '../../src/synthetic/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';
import {
  checkpointPath,
  metricsPath,
  pretrain,
  type RunConfig,
  readMetrics,
  readRunConfig,
  savedSteps,
} from '../../src/train/index.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-train-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const pictures = join(root, 'patches');

beforeAll(async () => {
  mkdirSync(pictures);
  let i = 0;
  for await (const pixels of syntheticPatches(24, 64, 2)) {
    const path = join(pictures, `${String(i++).padStart(3, '0')}.png`);
    await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toFile(path);
  }
});

const head = { prototypes: 32, hidden: 32, bottleneck: 16 };

function config(
  changes: { ssl?: object; run?: object; backbone?: object; patches?: object } = {},
): RunConfig {
  return readRunConfig({
    flags: {
      backbone: { name: 'mv-hybrid', width: 64, depth: 2, heads: 1, ...changes.backbone },
      patches: { pictures, ...changes.patches },
      ssl: {
        batch: 4,
        crops: { globalPx: 48, localPx: 32, locals: 2 },
        dinoHead: head,
        ibotHead: head,
        schedule: { epochs: 2, warmupEpochs: 1, teacherTemperatureEpochs: 1, learningRate: 0.01 },
        ...changes.ssl,
      },
      run: { workers: 0, checkpointSteps: 3, collapseSteps: 4, keepCheckpoints: 2, ...changes.run },
    },
  });
}

const sameBytes = (a: string, b: string) => readFileSync(a).equals(readFileSync(b));

describe('a run', () => {
  it('goes through its schedule and leaves log, checkpoints, curves and a usable teacher', async () => {
    const before = tensorCount();
    const folder = join(root, 'whole');
    const seen: number[] = [];
    const run = await pretrain(config(), { folder, resume: false, onStep: (_, step) => seen.push(step) });
    expect(run).toMatchObject({ steps: 12, totalSteps: 12, finished: true, broken: [], failures: [] });
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(await savedSteps(folder)).toEqual([9, 12]);
    const lines = await readMetrics(folder);
    expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(lines.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(lines.every(({ losses }) => Number.isFinite(losses.total))).toBe(true);
    expect(lines.flatMap(({ step, collapse }) => (collapse ? [step] : []))).toEqual([3, 7, 11]);
    expect(readFileSync(run.curves, 'utf8')).toMatch(/<svg[\s\S]*Collapse watch/);
    expect(tensorCount()).toBe(before);

    const opened = await openBackbone({ weights: run.teacher });
    expect(opened.name).toBe('mv-hybrid');
    expect(opened.options).toEqual({ width: 64, depth: 2, heads: 1 });
    expect(opened.backbone.card.width).toBe(64);
    opened.backbone.dispose();
    await expect(openBackbone({ weights: run.teacher, backbone: 'vit-12' })).rejects.toThrow(
      'which is mv-hybrid',
    );
  }, 60_000);

  it('stopped and resumed ends with the bytes of an uninterrupted one, for any number of loader threads', async () => {
    const folder = join(root, 'resumed');
    const stop = new AbortController();
    const first = await pretrain(config(), {
      folder,
      resume: false,
      stop: stop.signal,
      onStep: (_, step) => step === 4 && stop.abort(),
    });
    expect(first).toMatchObject({ steps: 4, finished: false });
    expect(await savedSteps(folder)).toEqual([3, 4]);
    // A kill after the checkpoint leaves more lines than steps, the last one cut short.
    writeFileSync(metricsPath(folder), `${readFileSync(metricsPath(folder), 'utf8')}{"step":4,"epo`);
    const second = await pretrain(config({ run: { workers: 1, keepCheckpoints: 1 } }), {
      folder,
      resume: true,
    });
    expect(second).toMatchObject({ steps: 12, finished: true });
    expect(await savedSteps(folder)).toEqual([12]);
    expect(sameBytes(second.teacher, join(root, 'whole', 'teacher.safetensors'))).toBe(true);
    expect(sameBytes(checkpointPath(folder, 12), checkpointPath(join(root, 'whole'), 12))).toBe(true);
    const steps = (await readMetrics(folder)).map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => i));
    const losses = async (name: string) => (await readMetrics(join(root, name))).map((line) => line.losses);
    expect(await losses('resumed')).toEqual(await losses('whole'));
  }, 60_000);

  it('refuses a folder in use, other options on resume, and unusable patches', async () => {
    const folder = join(root, 'whole');
    await expect(pretrain(config(), { folder, resume: false })).rejects.toThrow(/state of step 12.*--resume/);
    const other = config({ ssl: { mask: { probability: 0.25 } } });
    await expect(pretrain(other, { folder, resume: true })).rejects.toThrow(UsageError);
    await expect(pretrain(other, { folder, resume: true })).rejects.toThrow(
      'needed the ssl.mask.probability',
    );
    const none = config({ patches: { pictures: join(root, 'nowhere') } });
    await expect(pretrain(none, { folder: join(root, 'none'), resume: false })).rejects.toThrow('nowhere');
  }, 60_000);

  it('stops at a loss that is not finite and keeps the last good state', async () => {
    const folder = join(root, 'diverged');
    const wild = config({
      ssl: {
        schedule: {
          epochs: 40,
          warmupEpochs: 0,
          learningRate: 1e30,
          scaling: 'none',
          freezeLastLayerEpochs: 0,
        },
      },
    });
    await expect(pretrain(wild, { folder, resume: false })).rejects.toThrow(DataError);
    const lines = await readMetrics(folder);
    expect(lines.every(({ losses }) => Number.isFinite(losses.total))).toBe(true);
  }, 60_000);

  it('averages micro-batches and skips unreadable patches', async () => {
    const folder = join(root, 'micro');
    const broken = join(root, 'with-broken');
    mkdirSync(broken);
    for (let i = 0; i < 12; i++) {
      const name = `${String(i).padStart(3, '0')}.png`;
      writeFileSync(join(broken, name), i === 5 ? 'no picture' : readFileSync(join(pictures, name)));
    }
    const run = await pretrain(
      config({ patches: { pictures: broken }, run: { accumulate: 2, workers: 0 } }),
      {
        folder,
        resume: false,
      },
    );
    expect(run.steps).toBe(6);
    expect(run.broken.map(({ id }) => id)).toEqual([expect.stringContaining('005.png')]);
  }, 60_000);

  it('keeps checkpoints that other files cannot be mistaken for', async () => {
    const folder = join(root, 'damaged');
    mkdirSync(join(folder, 'checkpoints'), { recursive: true });
    writeFileSync(checkpointPath(folder, 3), 'damaged');
    await expect(pretrain(config(), { folder, resume: true })).rejects.toThrow(DataError);
  });
});
