/** `analyze frequency` from the command line, on generated pictures and a generated cohort. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import type { FrequencyRun } from '../../src/pipeline/index.ts';
import { writeSyntheticCohort } from '../../src/synthetic/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-frequency-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]) => join(root, ...names);
const resultOf = <T>(out: string) => JSON.parse(readFileSync(at(out, 'result.json'), 'utf8')) as T;

async function fails(code: number, sentence: RegExp, ...args: string[]): Promise<void> {
  const run = await runCli(...args, '--out', at('refused'));
  expect(run.err).toMatch(sentence);
  expect([run.code, run.out]).toEqual([code, '']);
  expect(run.err.trimEnd().split('\n')).toHaveLength(1);
  expect(existsSync(at('refused', 'result.json'))).toBe(false);
}

describe('analyze frequency', () => {
  beforeAll(async () => {
    mkdirSync(at('noise'));
    const rng = new Rng('noise');
    for (let i = 0; i < 3; i++) {
      const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, () => rng.integer(0, 255));
      await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
        .png()
        .toFile(at('noise', `${i}.png`));
    }
  });

  it('measures every block and surveys state-space layers where there are some', async () => {
    const before = tensorCount();
    const args = ['analyze', 'frequency', at('noise'), '--size', '64', '--random-init', '0'];
    const hybrid = await runCli(...args, '--out', at('hybrid'));
    expect([hybrid.code, hybrid.err]).toEqual([0, '']);
    const own = resultOf<FrequencyRun>('hybrid');
    expect(own.spectra.card.settings.classToken).toBe('middle');
    expect(own.spectra.card.counts.images).toBe(3);
    expect(own.spectra.blocks[0]!.spectrum.relativeLogAmplitude[0]).toBe(0);
    expect(own.poles!.layers.length).toBeGreaterThan(0);
    expect(readFileSync(at('hybrid', 'report.md'), 'utf8')).toContain(
      'Variation beyond omega0 and its bound',
    );
    expect((await runCli(...args, '--backbone', 'vit-12', '--most', '2', '--out', at('vit'))).code).toBe(0);
    const page = readFileSync(at('hybrid', 'report.html'));
    expect((await runCli('report', at('hybrid'))).code).toBe(0);
    expect(readFileSync(at('hybrid', 'report.html')).equals(page)).toBe(true);
    const vit = resultOf<FrequencyRun>('vit');
    expect([vit.poles, vit.contrast]).toEqual([null, null]);
    expect(vit.spectra.card.settings.classToken).toBe('first');
    expect(vit.spectra.card.counts.images).toBe(2);
    expect(vit.spectra.blocks).toHaveLength(12);
    expect(tensorCount()).toBe(before);
    await fails(1, /needed 32 x 32 RGB pixels/, ...args.slice(0, 3), '--size', '32', '--random-init', '0');
    await fails(2, /needed a folder of pictures/, 'analyze', 'frequency', at('absent'), '--random-init', '0');
  }, 60_000);

  it('measures what noise in bands costs heads that saw clean training patches', async () => {
    await writeSyntheticCohort(at('cohort'), {
      seed: 3,
      studies: 2,
      patientsPerStudy: 2,
      spotsPerSection: 30,
    });
    const args = [
      ...['analyze', 'frequency', at('noise'), '--size', '64', '--random-init', '0', '--backbone', 'vit-12'],
      ...['--noise-bands', at('cohort'), '--bands', '3', '--noise-rms', '40', '--gene-count', '10'],
    ];
    const before = tensorCount();
    const first = await runCli(...args, '--out', at('bands'));
    expect(first.code).toBe(0);
    expect(tensorCount()).toBe(before);
    const { noise } = resultOf<FrequencyRun>('bands');
    expect(noise!.split).toBe('leave-one-study-out');
    expect(noise!.card.settings).toMatchObject({
      side: 64,
      rms: 40,
      mpp: 112 / 64,
      split: 'study',
      alpha: 'hest',
    });
    expect(noise!.card.counts).toEqual({ patches: 120, bands: 3 });
    expect(noise!.folds.map(({ name, bands }) => [name, bands.length])).toEqual([
      ['study1', 3],
      ['study2', 3],
    ]);
    const mean = (values: readonly (number | null)[]) =>
      values.reduce((sum: number, v) => sum + v!, 0) / values.length;
    expect(noise!.baseline).toBeCloseTo(mean(noise!.folds.map(({ baseline }) => baseline)), 12);
    for (const [b, { value, change, clippedShare }] of noise!.bands.entries()) {
      expect(value).toBeCloseTo(mean(noise!.folds.map(({ bands }) => bands[b]!)), 12);
      expect(change).toBeCloseTo(value! - noise!.baseline!, 12);
      expect(clippedShare).toBeGreaterThan(0);
      expect(clippedShare).toBeLessThan(0.5);
    }
    // The clean value is that of the benchmark with the same settings.
    const benchmark = ['benchmark', 'expression', at('cohort'), '--size', '64', '--random-init', '0'];
    const more = ['--backbone', 'vit-12', '--gene-count', '10', '--resamples', '0', '--out', at('clean')];
    expect((await runCli(...benchmark, ...more)).code).toBe(0);
    const { splits } = resultOf<{ splits: { summary: { pcc: { mean: number } } }[] }>('clean');
    expect(noise!.baseline).toBeCloseTo(splits[0]!.summary.pcc.mean, 6);
    // Strong noise somewhere costs something on a cohort whose expression is drawn from its tissue.
    expect(Math.min(...noise!.bands.map(({ change }) => change!))).toBeLessThan(-0.02);
    expect((await runCli(...args, '--out', at('bands-again'))).code).toBe(0);
    for (const name of ['result.json', 'report.html']) {
      expect(readFileSync(at('bands-again', name)).equals(readFileSync(at('bands', name)))).toBe(true);
    }
    expect(readFileSync(at('bands', 'report.md'), 'utf8')).toContain('## Noise in bands of frequencies');
  }, 180_000);

  it('refuses options of the noise without a cohort', () =>
    fails(
      2,
      /needed --noise-bands <cohort> with --gene-count, found --gene-count alone/,
      ...['analyze', 'frequency', at('noise'), '--size', '64', '--random-init', '0', '--gene-count', '3'],
    ));
});
