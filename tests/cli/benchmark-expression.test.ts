/** `benchmark expression` from the command line on a small generated cohort. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CohortBenchmark } from '../../src/pipeline/index.ts';
import { writeSyntheticCohort } from '../../src/synthetic/index.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-benchmark-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const cohort = join(root, 'cohort');
const BASE = ['--backbone', 'vit-12', '--size', '32', '--resamples', '60'];
const run = (out: string, seed: string, ...more: string[]) =>
  runCli(
    'benchmark',
    'expression',
    cohort,
    '--out',
    join(root, out),
    '--random-init',
    seed,
    ...BASE,
    ...more,
  );
const resultOf = (out: string) =>
  JSON.parse(readFileSync(join(root, out, 'result.json'), 'utf8')) as CohortBenchmark;

beforeAll(async () => {
  await writeSyntheticCohort(cohort, { seed: 8, studies: 3, patientsPerStudy: 2, spotsPerSection: 36 });
}, 60_000);

const SPLITS = ['--preset', 'mvhybrid', '--gene-count', '20', '--folds', '3'];

describe('benchmark expression', () => {
  it('takes a preset, lets flags win and says so, with the drop between its splits', async () => {
    const done = await run('first', '1', ...SPLITS);
    expect(done.err).toBe('');
    expect(done.code).toBe(0);
    const { protocol, splits, drops, components, maps } = resultOf('first');
    expect(protocol).toMatchObject({
      preset: 'mvhybrid',
      presetOverrides: 'geneCount 20 instead of 200; folds 3 instead of 10',
      intercept: false,
      reduction: 'none',
    });
    expect(components).toBeNull();
    expect(splits.map(({ name }) => name)).toEqual(['random-sections', 'study']);
    expect(drops).toHaveLength(1);
    const [random, study] = splits;
    const { pcc, mse } = drops[0]!.metrics;
    expect(pcc.dropPercent).toBeCloseTo(
      (100 * (random!.summary.pcc.mean - study!.summary.pcc.mean)) / random!.summary.pcc.mean,
      9,
    );
    expect(mse.dropPercent).toBeCloseTo(
      (100 * (study!.summary.mse.mean - random!.summary.mse.mean)) / random!.summary.mse.mean,
      9,
    );
    const { spots, folds } = study!.intervals!;
    for (const { low, high } of [spots.pcc, folds.pcc, study!.folds[0]!.intervals!.pcc]) {
      expect(low).toBeLessThan(high);
    }
    expect(folds.pcc.high - folds.pcc.low).toBeGreaterThan(spots.pcc.high - spots.pcc.low);
    expect(maps!.length).toBe(6);
    for (const { file } of maps!) {
      expect(
        readFileSync(join(root, 'first', file))
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
    }
    expect(done.out).toContain('drop: random-sections to study');
  }, 120_000);

  it('compares two encoders on the same folds', async () => {
    const done = await run('second', '2', ...SPLITS, '--against', join(root, 'first', 'result.json'));
    expect(done.code).toBe(0);
    const [own, other] = [resultOf('second'), resultOf('first')];
    expect(own.comparison!.against).toBe('vit-12 (random initialisation, seed 1)');
    for (const [s, split] of own.comparison!.splits.entries()) {
      const { difference, own: mine, rival, spots } = split.metrics.pcc;
      expect(mine).toBeCloseTo(own.splits[s]!.summary.pcc.mean, 12);
      expect(rival).toBeCloseTo(other.splits[s]!.summary.pcc.mean, 5);
      expect(difference).toBeCloseTo(mine - rival, 12);
      expect(spots!.low).toBeLessThan(spots!.high);
    }
    const otherFolds = [...SPLITS.slice(0, -1), '2'];
    const refused = await run('third', '2', ...otherFolds, '--against', join(root, 'first', 'result.json'));
    expect([refused.code, refused.out]).toEqual([2, '']);
    expect(refused.err).toMatch(/^error: compare runs: needed the same test spots in fold "fold 1"/);
    const genes = [...SPLITS, '--gene-count', '19', '--split', 'study'];
    const others = await run('third', '2', ...genes, '--against', join(root, 'first', 'result.json'));
    expect(others.err).toMatch(/needed the same 19 genes/);
    expect(existsSync(join(root, 'third', 'result.json'))).toBe(false);
    const own2 = await run('first', '1', ...SPLITS, '--against', join(root, 'first', 'result.json'));
    expect(own2.err).toMatch(/give this run another --out/);
    const absent = await run('third', '1', '--against', join(root, 'none.json'));
    expect([absent.code, absent.err]).toEqual([2, expect.stringMatching(/^error: .*no file/)]);
  }, 120_000);

  it('searches alpha on the training side and reads duplicates', async () => {
    const list = join(root, 'duplicates.txt');
    const ids = resultOf('first').sections.map(({ id }) => id);
    writeFileSync(list, `# same block\n${ids[0]}, ${ids.at(-1)}\n`);
    const flags = ['--alpha', 'cv', '--gene-count', '20', '--duplicates', list];
    const done = await run('second', '2', ...flags, '--resamples', '0');
    expect(done.code).toBe(0);
    const { splits, protocol } = resultOf('second');
    expect(protocol.alpha).toMatch(/^nested cross-validation/);
    expect(protocol.duplicates).toBe(`${ids[0]} = ${ids.at(-1)}`);
    expect(splits[0]!.intervals).toBeUndefined();
    expect(splits[0]!.leaks.map(({ kind }) => kind)).toEqual(['duplicate', 'duplicate']);
    for (const { alpha, alphaSearch } of splits[0]!.folds) {
      expect(alphaSearch!.grid).toHaveLength(17);
      expect(alphaSearch!.alpha).toBe(alpha);
    }
    writeFileSync(list, 'one\n');
    const bad = await run('third', '2', '--duplicates', list);
    expect([bad.code, bad.err]).toEqual([
      1,
      expect.stringMatching(/^error: duplicates: needed two or more section ids/),
    ]);
  }, 120_000);
});
