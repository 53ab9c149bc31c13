/** A long run must not grow. RUN_SLOW=1 makes 10,000 steps instead of 200. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { syntheticPatches } from '../../src/synthetic/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';
import { pretrain, readRunConfig } from '../../src/train/index.ts';

const slow = process.env.RUN_SLOW === '1';
const [steps, warm] = slow ? [10_000, 1000] : [200, 100];
const root = mkdtempSync(join(tmpdir(), 'mvhybrid-memory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const pictures = join(root, 'patches');

beforeAll(async () => {
  mkdirSync(pictures);
  let i = 0;
  for await (const pixels of syntheticPatches(16, 48, 9)) {
    const raw = { width: 48, height: 48, channels: 3 } as const;
    await sharp(pixels, { raw })
      .png()
      .toFile(join(pictures, `${i++}.png`));
  }
});

it(`is flat over ${steps} steps`, async () => {
  const head = { prototypes: 32, hidden: 32, bottleneck: 16 };
  const config = readRunConfig({
    flags: {
      backbone: { name: 'mv-hybrid', width: 32, depth: 2, heads: 1 },
      patches: { pictures },
      ssl: {
        batch: 2,
        crops: { globalPx: 32, localPx: 16, locals: 2 },
        dinoHead: head,
        ibotHead: head,
        schedule: { epochs: 1, epochSteps: steps, warmupEpochs: 0, teacherTemperatureEpochs: 0 },
      },
      run: { workers: 1, checkpointSteps: 1_000_000, collapseSteps: 25 },
    },
  });
  const rss: number[] = [];
  const alive: number[] = [];
  await pretrain(config, {
    folder: join(root, 'run'),
    resume: false,
    onStep: (_, step) => {
      if (step < warm || step % 10 !== 0) return;
      rss.push(process.memoryUsage.rss());
      alive.push(tensorCount());
    },
  });
  expect(new Set(alive).size).toBe(1);
  const tenth = Math.max(1, Math.floor(rss.length / 10));
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [start, end] = [mean(rss.slice(0, tenth)), mean(rss.slice(-tenth))];
  if (slow) process.stdout.write(`${(start / 1e6).toFixed(0)} MB, then ${(end / 1e6).toFixed(0)} MB\n`);
  expect(end / start).toBeLessThan(1.05);
}, 3_600_000);
