/** HEST's presets on a task folder of HEST-Benchmark: its split files and its genes count. */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CohortBenchmark } from '../../src/pipeline/index.ts';
import { goldenPath } from '../support/paths.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-task-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const task = join(root, 'MINI');

beforeAll(() => {
  cpSync(goldenPath('eval/hest_mini'), task, { recursive: true });
  renameSync(join(task, 'st'), join(task, 'adata'));
});

const run = (out: string, ...more: string[]) =>
  runCli(
    ...['benchmark', 'expression', task, '--backbone', 'vit-12', '--random-init', '0', '--features', 'cls'],
    ...['--precut-mpp', '0.5', '--patch-um', '8', '--size', '16', '--resamples', '0', '--pca', 'none'],
    ...['--out', join(root, out), ...more],
  );
const resultOf = (out: string) =>
  JSON.parse(readFileSync(join(root, out, 'result.json'), 'utf8')) as CohortBenchmark;

const sides = ({ splits }: CohortBenchmark) =>
  splits[0]!.folds.map(({ trainSections, testSections }) => [trainSections, testSections]);
const GIVEN = [
  [['MINI2', 'MINI3'], ['MINI1']],
  [['MINI1', 'MINI3'], ['MINI2']],
  [['MINI1', 'MINI2'], ['MINI3']],
];

describe('benchmark expression on a task folder', () => {
  it('takes folds and genes of the task with a HEST preset', async () => {
    expect((await run('preset', '--preset', 'hest-table')).code).toBe(0);
    const result = resultOf('preset');
    expect(result.splits.map(({ name, title }) => [name, title])).toEqual([
      ['task', "3 folds of the task's split files"],
    ]);
    expect(sides(result)).toEqual(GIVEN);
    expect(result.splits[0]!.folds[0]!.name).toBe('fold 0');
    const { genes } = JSON.parse(readFileSync(join(task, 'var_50genes.json'), 'utf8')) as { genes: string[] };
    for (const fold of result.splits[0]!.folds) expect(fold.genes).toEqual(genes);
    expect(result.protocol).toMatchObject({
      preset: 'hest-table',
      task: 'MINI: 3 folds of its split files, 6 genes of its var_50genes.json',
      genes: 'list of 6 genes',
    });
  }, 60_000);

  it('lets a split and genes on the command line win', async () => {
    const own = ['--split', 'hest-patients', '--folds', '3', '--gene-count', '4'];
    expect((await run('own', '--preset', 'hest-table', ...own)).code).toBe(0);
    const { protocol, splits } = resultOf('own');
    expect(splits[0]!.title).toBe("3 folds of whole patients by HEST's rule");
    expect(splits[0]!.folds.every(({ genes }) => genes.length === 4)).toBe(true);
    expect('task' in protocol).toBe(false);
  }, 60_000);

  it('takes the split files with any preset when asked, and says when there are none', async () => {
    expect((await run('asked', '--split', 'task,patient', '--gene-count', '4')).code).toBe(0);
    const result = resultOf('asked');
    expect(result.splits.map(({ name }) => name)).toEqual(['task', 'patient']);
    expect(sides(result)).toEqual(GIVEN);
    expect(result.protocol.task).toBe('MINI: 3 folds of its split files');
    expect(result.splits[0]!.folds[0]!.genes).toHaveLength(4);
    const part = await run('part', '--split', 'task', '--sections', 'MINI1,MINI2');
    expect([part.code, part.err]).toEqual([2, expect.stringContaining('found no section MINI3')]);
    rmSync(join(task, 'splits'), { recursive: true });
    const bare = await run('bare', '--preset', 'hest-table', '--gene-count', '4');
    expect(bare.code).toBe(0);
    expect(resultOf('bare').splits.map(({ name }) => name)).toEqual(['patient']);
    const none = await run('none', '--split', 'task');
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('needed splits/train_{i}.csv')]);
  }, 120_000);
});
