/** `mvhybrid reproduce` from the command line at its smallest: plan, run, page, and the same command again. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan, Reproduction } from '../../src/reproduce/index.ts';
import { syntheticPatches } from '../../src/synthetic/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-reproduce-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const [out, pictures] = [join(root, 'run'), join(root, 'pictures')];

const SMALL = [
  'cohort.studies=3',
  'cohort.patientsPerStudy=1',
  'cohort.spotsPerSection=8',
  'ssl.batch=4',
  'ssl.crops.locals=1',
  'ssl.schedule.epochs=2',
  'ssl.schedule.epochSteps=2',
].flatMap((value) => ['--set', value]);
const BASE = ['reproduce', '--backbones', 'mv-hybrid,vit-12', '--seeds', '1', '--threads', '1', ...SMALL];
const TASKS = ['--classification', pictures, '--retrieval', `${pictures},${pictures}`];

beforeAll(async () => {
  let i = 0;
  for await (const pixels of syntheticPatches(20, 96, 4)) {
    const name = i % 2 === 0 ? 'light' : 'dark';
    mkdirSync(join(pictures, name), { recursive: true });
    if (name === 'dark') for (const [k, value] of pixels.entries()) pixels[k] = value / 2;
    await sharp(pixels, { raw: { width: 96, height: 96, channels: 3 } })
      .png()
      .toFile(join(pictures, name, `${i++}.png`));
  }
});

describe('mvhybrid reproduce', () => {
  it('plans without beginning', async () => {
    const { code, out: text } = await runCli(...BASE, '--out', out, '--plan', '--json');
    expect(code).toBe(0);
    const plan = JSON.parse(text) as Plan;
    expect(plan.stages.map(({ id }) => id)).toEqual([
      'cohort',
      'patches',
      ...['mv-hybrid', 'vit-12'].flatMap((name) =>
        ['pretrain', 'benchmark', 'frequency'].map((kind) => `${kind}/${name}/seed-0`),
      ),
    ]);
    expect(plan.steps).toBe(4);
    for (const { expectedSeconds, finished } of plan.stages) {
      expect(expectedSeconds).toBeGreaterThan(0);
      expect(finished).toBe(false);
    }
    const sum = plan.stages.reduce((total, stage) => total + stage.expectedSeconds, 0);
    expect(plan.expectedSeconds).toBeCloseTo(sum, 9);
    expect(existsSync(out)).toBe(false);
  });

  it('counts the pictures that are pretrained on', async () => {
    const passes = ['ssl.batch=3', 'ssl.schedule.epochs=2', 'cohort.spotsPerSection=8'];
    const args = [
      'reproduce',
      '--scale',
      'small',
      '--backbones',
      'vit-12',
      '--seeds',
      '1',
      '--out',
      out,
      '--plan',
    ];
    const sets = passes.flatMap((value) => ['--set', value]);
    const { code, out: text } = await runCli(...args, ...sets, '--pretrain-pictures', pictures, '--json');
    expect(code).toBe(0);
    expect((JSON.parse(text) as Plan).steps).toBe(2 * 7); // 20 pictures in batches of 3
    const missing = await runCli(...args, ...sets, '--pretrain-pictures', join(root, 'nothing'));
    expect(missing.code).toBe(2);
    expect(missing.err).toContain('needed a folder of patches');
  });

  it('goes from pretraining to verdicts, and does nothing twice', async () => {
    const start = tensorCount();
    const run = await runCli(...BASE, ...TASKS, '--out', out, '--json');
    expect(run.code, run.err).toBe(0);
    expect(run.err).toMatch(/expected for what is left: \d+ s/);
    expect(tensorCount()).toBe(start);
    const result = JSON.parse(run.out) as Reproduction;
    expect(result.backbones.map(({ name }) => name)).toEqual(['mv-hybrid', 'vit-12']);
    for (const { random, heldOut, drivers, spectra } of result.backbones) {
      for (const { mean, interval } of [random.mse, heldOut.mse]) {
        expect(mean).toBeGreaterThan(0);
        expect(interval.low).toBeLessThanOrEqual(interval.high);
      }
      expect(drivers.map(({ driver, genes }) => [driver, genes])).toEqual([
        ['low', 30],
        ['high', 30],
      ]);
      expect(spectra.high).toHaveLength(spectra.mixers.length);
    }
    expect(result.backbones[0]!.spectra.mixers).toEqual([
      'mamba-vision',
      'mamba-vision',
      'attention',
      'attention',
    ]);
    for (const { verdict } of result.claims) expect(verdict).toBe('not testable');
    expect(result.claims[0]!.reason).toMatch(/1 seed, 2 are needed|not defined/);
    const page = readFileSync(join(out, 'report.md'), 'utf8');
    expect(page).toContain('4 steps of DINOv2 in batches of 4, the published recipe with');
    for (const words of [
      'MV_Hybrid, this run',
      'ViT_12 (HMHVG), paper',
      'fine texture',
      'The cohort is generated',
    ])
      expect(page).toContain(words);
    expect(page).toMatch(/classification: balanced accuracy.*vit-12/);
    expect(page).toMatch(/retrieval: Acc@1, patch-to-support \| mv-hybrid/);

    const teacher = join(out, 'pretrain', 'vit-12', 'seed-0', 'teacher.safetensors');
    const [before, written] = [readFileSync(join(out, 'result.json')), statSync(teacher).mtimeMs];
    const again = await runCli(...BASE, ...TASKS, '--out', out);
    expect(again.code).toBe(0);
    expect(again.err).not.toMatch(/pretraining|benchmark of/);
    expect(readFileSync(join(out, 'result.json')).equals(before)).toBe(true);
    expect(statSync(teacher).mtimeMs).toBe(written);
  });

  it('refuses other values and half a task', async () => {
    const wrong = await runCli(...BASE, '--out', join(root, 'no'), '--set', 'run.workers=3');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/--set of ssl\.\* or cohort\.\*/)]);
    const half = await runCli(...BASE, '--out', join(root, 'no'), '--survival-table', 'x.csv');
    expect([half.code, half.err]).toEqual([2, expect.stringMatching(/--survival-slides/)]);
  });
});
