/** `benchmark expression --compare`: two encoders on the same folds, in one report. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropPercent } from '../../src/eval/index.ts';
import type { CohortBenchmark } from '../../src/pipeline/index.ts';
import { writeSyntheticCohort } from '../../src/synthetic/index.ts';
import { writeSmallEncoder } from '../pipeline/slides/small-slides.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-compare-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]) => join(root, ...names);

const run = (out: string, ...more: string[]) =>
  runCli(
    ...['benchmark', 'expression', at('cohort'), '--size', '32', '--resamples', '40', '--gene-count', '12'],
    ...['--split', 'random-sections,study', '--folds', '3', '--out', at(out), ...more],
  );
const resultOf = (...names: string[]) =>
  JSON.parse(readFileSync(at(...names, 'result.json'), 'utf8')) as CohortBenchmark;

beforeAll(async () => {
  await writeSyntheticCohort(at('cohort'), { seed: 8, studies: 3, patientsPerStudy: 1, spotsPerSection: 30 });
  await writeSmallEncoder(at('small.safetensors'));
}, 60_000);

describe('two encoders in one command', () => {
  it('leave both results and one report with scores, differences and drops of both', async () => {
    const weights = at('small.safetensors');
    const done = await run('both', '--weights', weights, '--compare', 'vit-12');
    expect(done.code).toBe(0);
    const [own, other] = [resultOf('both'), resultOf('both', 'compared')];
    expect([own.protocol.backbone, other.protocol.backbone]).toEqual(['mv-hybrid', 'vit-12']);
    expect(own.comparison!.against).toBe('vit-12 (random initialisation, seed 0)');
    expect(other.comparison).toBeUndefined();
    for (const { name, metrics } of own.comparison!.splits) {
      const [mine, theirs] = [own, other].map(
        ({ splits }) => splits.find((split) => split.name === name)!.summary.pcc.mean,
      );
      expect(metrics.pcc.own).toBeCloseTo(mine!, 12);
      // Predictions are stored as float32.
      expect(metrics.pcc.rival).toBeCloseTo(theirs!, 5);
    }
    const report = readFileSync(at('both', 'report.md'), 'utf8');
    expect(report).toContain('## Two encoders');
    const { random, heldOut } = other.drops[0]!.metrics.pcc;
    const drop = random > 0 ? dropPercent(random, heldOut, 'score').toFixed(1) : 'n/a';
    const row = report.split('\n').find((line) => line.startsWith('| PCC |') && line.endsWith(` ${drop} |`));
    expect(row).toBeDefined();
    expect(readFileSync(at('both', 'report.html'), 'utf8')).toContain('mv-hybrid minus vit-12');
    expect(done.out).toContain(at('both', 'compared', 'report.html'));

    const again = await run(
      'again',
      '--backbone',
      'vit-12',
      '--random-init',
      '0',
      '--compare',
      `mv-hybrid=${weights}`,
    );
    expect(again.code).toBe(0);
    const turned = resultOf('again').comparison!.splits[0]!.metrics.pcc;
    expect(turned.difference).toBeCloseTo(-own.comparison!.splits[0]!.metrics.pcc.difference, 5);
  }, 180_000);

  it('refuse what makes no pair, with one line', async () => {
    const fails = async (sentence: RegExp, ...more: string[]) => {
      const { code, err } = await run('refused', '--random-init', '0', '--backbone', 'vit-12', ...more);
      expect(err).toMatch(sentence);
      expect([code, err.trimEnd().split('\n').length]).toEqual([2, 1]);
    };
    await fails(
      /needed another encoder with --compare, found the first one again, vit-12/,
      '--compare',
      'vit-12',
    );
    await fails(
      /needed --compare \(run now\) or --against \(run before\), found both/,
      ...['--compare', 'mv-hybrid', '--against', 'x/result.json'],
    );
    await fails(/absent\.pth/, '--compare', at('absent.pth'));
  }, 60_000);
});
