/** The built command line (dist/): a run killed with -9 and resumed, one interrupted, and two processes together. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syntheticPatches } from '../../src/synthetic/index.ts';
import { distributedBackends } from '../../src/tensor/index.ts';
import { readMetrics } from '../../src/train/index.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'mvhybrid-kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const [pictures, runFile] = [join(root, 'patches'), join(root, 'run.yaml')];

// The rate is low because AdamW turns the rounding of gradients near zero into steps as long as the rate: at the recipe's
// 0.002 losses of one and of two processes part by up to 2e-5 within 20 steps, here by less than 3e-6.
const RUN = `
backbone: {name: mv-hybrid, width: 64, depth: 2, heads: 1}
patches: {pictures: ${pictures}}
ssl:
  batch: 8
  crops: {globalPx: 48, localPx: 32, locals: 2}
  dinoHead: {prototypes: 64, hidden: 64, bottleneck: 32}
  ibotHead: {prototypes: 64, hidden: 64, bottleneck: 32}
  losses: {koleoOver: group}
  schedule: {epochs: 6, epochSteps: 10, warmupEpochs: 1, teacherTemperatureEpochs: 1, scaling: none, learningRate: 0.0001}
run: {workers: 1, checkpointSteps: 10, collapseSteps: 20}
`;

beforeAll(async () => {
  mkdirSync(pictures);
  writeFileSync(runFile, RUN);
  let i = 0;
  for await (const pixels of syntheticPatches(24, 64, 4)) {
    const path = join(pictures, `${String(i++).padStart(3, '0')}.png`);
    await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toFile(path);
  }
});

interface Ended {
  readonly code: number | null;
  readonly err: string;
}

function start(out: string, ...more: string[]): { child: ChildProcess; end: Promise<Ended> } {
  const args = [main, 'pretrain', '--config', runFile, '--out', out, ...more];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr!.on('data', (chunk) => {
    err += String(chunk);
  });
  return { child, end: new Promise((resolve) => child.on('close', (code) => resolve({ code, err }))) };
}

async function until(condition: () => boolean, child: ChildProcess): Promise<void> {
  while (!condition()) {
    if (child.exitCode !== null) throw new Error('the run ended too early');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const lines = (folder: string) => {
  const path = join(folder, 'metrics.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
};
const teacher = (folder: string) => readFileSync(join(folder, 'teacher.safetensors'));
const whole = join(root, 'whole');

describe('a pretraining run', () => {
  it('killed with -9 at some step and resumed ends with the bytes of an uninterrupted one', async () => {
    expect((await start(whole).end).code).toBe(0);
    const folder = join(root, 'killed');
    const first = start(folder);
    const at = 12 + Math.floor(Math.random() * 30);
    await until(() => lines(folder) >= at, first.child);
    first.child.kill('SIGKILL');
    await first.end;
    expect(existsSync(join(folder, 'teacher.safetensors'))).toBe(false);
    // As if it had been killed while it saved.
    writeFileSync(join(folder, 'checkpoints', 'step-00000030.safetensors.0a1b2c3d.tmp'), 'half');
    const second = await start(folder, '--resume').end;
    expect(second.code, second.err).toBe(0);
    expect(teacher(folder).equals(teacher(whole)), `killed after ${at} steps`).toBe(true);
    const states = readdirSync(join(folder, 'checkpoints'));
    expect(states).toEqual(readdirSync(join(whole, 'checkpoints')));
    for (const name of states) {
      const [a, b] = [folder, whole].map((run) => readFileSync(join(run, 'checkpoints', name)));
      expect(a!.equals(b!), name).toBe(true);
    }
    expect((await readMetrics(folder)).map(({ step }) => step)).toEqual(
      Array.from({ length: 60 }, (_, i) => i),
    );
  });

  it('finishes its step, saves and ends with exit code 0 when interrupted', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const folder = join(root, signal);
      const { child, end } = start(folder);
      await until(() => lines(folder) >= 5, child);
      child.kill(signal);
      const { code, err } = await end;
      expect(code, err).toBe(0);
      const made = lines(folder);
      expect(made).toBeLessThan(60);
      expect(readdirSync(join(folder, 'checkpoints'))).toContain(
        `step-${String(made).padStart(8, '0')}.safetensors`,
      );
      expect((await start(folder, '--resume').end).code).toBe(0);
      expect(teacher(folder).equals(teacher(whole))).toBe(true);
    }
  });
});

describe.skipIf(!distributedBackends().includes('gloo'))('two processes', () => {
  const half = ['--nproc', '2', '--set', 'ssl.batch=4'];

  it('with half the batch each have the losses of one process', async () => {
    const folder = join(root, 'two');
    const { code, err } = await start(folder, ...half, '--steps', '20').end;
    expect(code, err).toBe(0);
    const [one, two] = [await readMetrics(whole), await readMetrics(folder)];
    expect(two).toHaveLength(20);
    for (const [step, { losses }] of two.entries()) {
      for (const [name, value] of Object.entries(losses)) {
        const wanted = (one[step]!.losses as Record<string, number>)[name]!;
        // KoLeo passes through zero, where an error relative to itself means nothing.
        const limit = name === 'koleo' ? 1e-5 * Math.abs(one[step]!.losses.total) : 1e-5 * Math.abs(wanted);
        expect(Math.abs(value - wanted), `${name} at step ${step}`).toBeLessThan(limit);
      }
    }
  });

  it('end with a message within 30 s when one of them dies', async () => {
    const folder = join(root, 'lost');
    const { child, end } = start(folder, ...half, '--set', 'ssl.schedule.epochs=600');
    await until(() => lines(folder) >= 3, child);
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    expect(children).toHaveLength(2);
    const died = performance.now();
    process.kill(Number(children[1]), 'SIGKILL');
    const { code, err } = await end;
    expect(performance.now() - died).toBeLessThan(30_000);
    expect(code).toBe(1);
    expect(err).toMatch(/process 1 ended with code 137.*--resume/);
    expect(err).toMatch(/one lost or late|all-reduce/);
  });
});
