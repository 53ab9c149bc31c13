/** Classification, retrieval, survival and reports from the command line, on generated data. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { writeEmbeddings } from '../../src/embedding/index.ts';
import type { ClassificationRun, RetrievalRun, SurvivalRun } from '../../src/pipeline/index.ts';
import { tensorCount } from '../../src/tensor/index.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-tasks-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]) => join(root, ...names);
const resultOf = <T>(out: string) => JSON.parse(readFileSync(at(out, 'result.json'), 'utf8')) as T;

const DIMENSIONS = 6;

/** Rows around a centre that is `apart` from the origin in the direction of the class. */
function cloud(rng: Rng, code: number, apart: number): number[] {
  return Array.from({ length: DIMENSIONS }, (_, d) => (d === code ? apart : 0) + rng.normal());
}

async function writeRows(path: string, names: readonly string[], rows: readonly number[][]): Promise<void> {
  await writeEmbeddings(path, {
    rows: names.map((barcode) => ({ barcode, x: 0, y: 0 })),
    values: Float32Array.from(rows.flat()),
    width: DIMENSIONS,
    attributes: { backbone: 'vit-12', weights: 'sha256 0' },
  });
}

async function fails(code: number, sentence: RegExp, ...args: string[]): Promise<void> {
  const run = await runCli(...args, '--out', at('refused'));
  expect(run.err).toMatch(sentence);
  expect([run.code, run.out]).toEqual([code, '']);
  expect(run.err.trimEnd().split('\n')).toHaveLength(1);
  expect(existsSync(at('refused', 'result.json'))).toBe(false);
}

/** 60 items of 3 classes and 15 patients, classes 4 deviations apart; `pairs` keeps two classes. */
beforeAll(async () => {
  const rng = new Rng('items');
  const items = Array.from({ length: 60 }, (_, i) => ({
    name: `item${i}`,
    code: i % 3,
    patient: `p${i % 15}`,
  }));
  await writeRows(
    at('items.h5'),
    items.map(({ name }) => name),
    items.map(({ code }) => cloud(rng, code, 4)),
  );
  const line = (columns: string[]) => `${columns.join(',')}\n`;
  const labels = (header: string[], row: (item: (typeof items)[number], i: number) => string[]) =>
    line(header) + items.map((item, i) => line(row(item, i))).join('');
  const name = ({ code }: { code: number }) => ['ADI', 'LYM', 'TUM'][code]!;
  writeFileSync(
    at('patients.csv'),
    labels(['item', 'label', 'patient'], (item) => [item.name, name(item), item.patient]),
  );
  writeFileSync(
    at('split.csv'),
    labels(['item', 'label', 'split'], (item, i) => [item.name, name(item), i < 30 ? 'train' : 'test']),
  );
});

describe('benchmark classification', () => {
  const run = (out: string, labels: string, ...more: string[]) =>
    runCli('benchmark', 'classification', at('items.h5'), '--labels', at(labels), '--out', at(out), ...more);

  it('keeps patients whole and finds classes that lie apart, by every method', async () => {
    const before = tensorCount();
    const methods = 'logistic,logistic-uni,logistic-grid,knn,simpleshot';
    const done = await run('classes', 'patients.csv', '--methods', methods, '--resamples', '50', '--k', '5');
    expect(done.err).toBe('');
    expect(done.code).toBe(0);
    const { data, results, encoder } = resultOf<ClassificationRun>('classes');
    expect(data).toMatchObject({ items: 60, patients: 15, classes: ['ADI', 'LYM', 'TUM'], notes: [] });
    expect(encoder).toEqual({ backbone: 'vit-12', weights: 'sha256 0' });
    expect(results.map(({ card }) => card.settings.method)).toEqual([
      'logistic',
      'logistic',
      'logistic-grid',
      'knn',
      'simpleshot',
    ]);
    for (const { card, folds, summary, predictions } of results) {
      expect(folds).toHaveLength(5);
      // Six features and three classes give UNI a C of 0.18, whose norm penalty holds all weights at 0: it must say so.
      const collapsed = card.settings.c === 'uni';
      expect(card.undefinedValues.some((line) => line.includes('held all weights at 0'))).toBe(collapsed);
      if (!collapsed) expect(summary.balancedAccuracy.mean).toBeGreaterThan(0.9);
      for (const { scores, intervals } of folds) {
        const { low, high, estimate } = intervals.balancedAccuracy!;
        expect(estimate).toBe(scores.balancedAccuracy);
        expect(low!).toBeLessThanOrEqual(estimate!);
        expect(high!).toBeGreaterThanOrEqual(estimate!);
      }
      expect(predictions).toHaveLength(60);
      for (const { item, fold } of predictions) {
        const patient = Number(item.slice(4)) % 15;
        const others = predictions.filter((one) => Number(one.item.slice(4)) % 15 === patient);
        expect(others.every((one) => one.fold === fold)).toBe(true);
      }
    }
    expect(tensorCount()).toBe(before);
    const html = readFileSync(at('classes', 'report.html'), 'utf8');
    expect(html).toContain('classification by simpleshot');
    expect(html).toContain('Confusion, fold 1');
    const again = await run('again', 'patients.csv', '--methods', methods, '--resamples', '50', '--k', '5');
    expect(again.code).toBe(0);
    expect(readFileSync(at('again', 'result.json'))).toEqual(readFileSync(at('classes', 'result.json')));
  });

  it("takes the data's own division", async () => {
    expect((await run('own', 'split.csv', '--methods', 'knn', '--resamples', '0')).code).toBe(0);
    const { data, results } = resultOf<ClassificationRun>('own');
    expect(data.division).toBe('the data set: train and test');
    expect(results[0]!.folds.map(({ counts }) => [counts.train, counts.test])).toEqual([
      [
        [10, 10, 10],
        [10, 10, 10],
      ],
    ]);
  });

  it('embeds pictures of class folders, resampled to the encoder', async () => {
    for (const [c, colour] of ['#a02060', '#e0c0e0'].entries()) {
      mkdirSync(at('pictures', `class${c}`), { recursive: true });
      for (let i = 0; i < 6; i++) {
        const side = 40 + i;
        await sharp({ create: { width: side, height: side, channels: 3, background: colour } })
          .png()
          .toFile(at('pictures', `class${c}`, `${i}.png`));
      }
    }
    const args = [
      'benchmark',
      'classification',
      at('pictures'),
      '--folds',
      '3',
      '--methods',
      'knn,simpleshot',
    ];
    const encoder = ['--backbone', 'vit-12', '--random-init', '0', '--size', '32'];
    const done = await runCli(...args, ...encoder, '--k', '3', '--resamples', '0', '--out', at('coloured'));
    expect([done.code, done.err]).toEqual([0, '']);
    const { data, results } = resultOf<ClassificationRun>('coloured');
    expect(data.notes[0]).toMatch(/no patients are known/);
    expect(results.map(({ summary }) => summary.accuracy.mean)).toEqual([1, 1]);
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#fff' } })
      .png()
      .toFile(at('pictures', 'class0', 'wide.png'));
    await fails(1, /needed a square picture, found 40 x 30/, ...args, ...encoder);
  }, 60_000);

  it('trains attention over slides', async () => {
    mkdirSync(at('slides'));
    const rng = new Rng('slides');
    const rows = ['item,label,patient'];
    for (let i = 0; i < 16; i++) {
      const label = i % 2 === 0 ? 'MSI' : 'MSS';
      const patches = Array.from({ length: 12 }, () => cloud(rng, i % 2, 5));
      const names = patches.map((_, p) => `${p}`);
      await writeRows(at('slides', `s${i}.h5`), names, patches);
      rows.push(`s${i},${label},p${i}`);
    }
    writeFileSync(at('slides.csv'), `${rows.join('\n')}\n`);
    const args = [
      'benchmark',
      'classification',
      at('slides'),
      '--labels',
      at('slides.csv'),
      '--methods',
      'abmil',
    ];
    const done = await runCli(
      ...args,
      '--folds',
      '2',
      '--positive',
      'MSI',
      '--resamples',
      '0',
      '--out',
      at('abmil'),
    );
    expect([done.code, done.err]).toEqual([0, '']);
    const { results, data } = resultOf<ClassificationRun>('abmil');
    expect(data.patients).toBe(16);
    expect(results[0]!.card.settings.positive).toBe('MSI');
    expect(results[0]!.summary.auroc.mean).toBeGreaterThan(0.9);
    await fails(2, /abmil alone/, ...args.slice(0, -1), 'abmil,knn');
  }, 60_000);

  it('refuses what it cannot use with one line', async () => {
    const base = ['benchmark', 'classification', at('items.h5'), '--labels', at('patients.csv')];
    await fails(
      2,
      /no file or folder .*absent/,
      'benchmark',
      'classification',
      at('absent'),
      '--labels',
      at('patients.csv'),
    );
    await fails(
      2,
      /either embeddings with --labels, or pictures.*--random-init/,
      ...base,
      '--random-init',
      '0',
    );
    await fails(
      2,
      /the method knn for --k, found simpleshot/,
      ...base,
      '--methods',
      'simpleshot',
      '--k',
      '3',
    );
    writeFileSync(at('unknown.csv'), 'item,label\nitem0,A\nnobody,B\n');
    await fails(
      1,
      /needed an embedding for each of 2 labelled items, found none for 1 \(nobody\)/,
      ...base.slice(0, -1),
      at('unknown.csv'),
    );
    writeFileSync(at('columns.csv'), 'name,class\nitem0,A\n');
    await fails(
      1,
      /needed the columns item,label.*found no item and label/,
      ...base.slice(0, -1),
      at('columns.csv'),
    );
    await fails(2, /two classes/, ...base, '--positive', 'TUM');
  });
});

describe('benchmark retrieval', () => {
  it('finds classes that lie apart in both directions', async () => {
    const args = ['benchmark', 'retrieval', at('items.h5'), '--labels', at('split.csv'), '--ks', '1,5'];
    const done = await runCli(...args, '--out', at('retrieval'));
    expect([done.code, done.err]).toEqual([0, '']);
    const { results, support, gallery } = resultOf<RetrievalRun>('retrieval');
    expect([support.patches, gallery.patches]).toEqual([30, 30]);
    expect(results.map(({ direction }) => direction)).toEqual(['prototype-to-patch', 'patch-to-support']);
    for (const { mean } of results) {
      expect(mean.accuracy.map(({ k }) => k)).toEqual([1, 5]);
      expect(mean.accuracy[0]!.value).toBeGreaterThan(0.85);
    }
    expect(results[0]!.mean.map).toBeGreaterThan(0.9);
    expect(readFileSync(at('retrieval', 'report.md'), 'utf8')).toContain('| TUM | 10 | 10 |');
    await fails(
      2,
      /two folders, or parts train and test/,
      ...args.slice(0, 3),
      '--labels',
      at('patients.csv'),
    );
    const depth = await runCli(...args.slice(0, -1), '0,5', '--out', at('refused'));
    expect([depth.code, depth.out]).toEqual([2, '']);
    expect(depth.err).toMatch(/--ks.*whole number of 1 or more/);
  });
});

describe('benchmark survival', () => {
  beforeAll(async () => {
    mkdirSync(at('patients'));
    const rng = new Rng('survival');
    const rows = ['case_id,slide_id,survival_months,censorship,site'];
    for (let i = 0; i < 48; i++) {
      // The share of patches of the second kind decides how long a patient lives.
      const share = (i % 8) / 8;
      const patches = Array.from({ length: 40 }, (_, p) => cloud(rng, p < 40 * share ? 1 : 0, 6));
      await writeRows(
        at('patients', `slide${i}.h5`),
        patches.map((_, p) => `${p}`),
        patches,
      );
      const months = 60 * Math.exp(-2 * share) * Math.exp(0.2 * rng.normal());
      rows.push(`case${i},slide${i}.svs,${months.toFixed(3)},${i % 5 === 0 ? 1 : 0},site${i % 3}`);
    }
    writeFileSync(at('follow-up.csv'), `${rows.join('\n')}\n`);
  });
  const base = ['benchmark', 'survival', at('patients'), '--table', at('follow-up.csv')];
  const small = [
    '--clusters',
    '2',
    '--form',
    'proportions',
    '--components',
    '1',
    '--folds',
    '3',
    '--resamples',
    '100',
  ];

  it.each(['panther', 'gmm'])(
    'orders patients by what their slides hold (%s)',
    async (method) => {
      const done = await runCli(...base, ...small, '--method', method, '--out', at(method));
      expect([done.code, done.err]).toEqual([0, '']);
      const { result, data } = resultOf<SurvivalRun>(method);
      expect(data).toMatchObject({ patients: 48, slides: 48, endpoint: 'os' });
      expect(data.notes[0]).toMatch(/3 tissue source sites stand on both sides/);
      expect(result.cIndex.mean).toBeGreaterThan(0.8);
      expect(result.logRank!.p).toBeLessThan(0.01);
      expect(readFileSync(at(method, 'report.html'), 'utf8')).toContain('Survival by predicted risk');
    },
    60_000,
  );

  it('names missing slides, and leaves their patients out only when told to', async () => {
    const table = readFileSync(at('follow-up.csv'), 'utf8');
    writeFileSync(at('longer.csv'), `${table}case99,lost.svs,12,0,site1\n`);
    const longer = [...base.slice(0, -1), at('longer.csv'), ...small];
    await fails(1, /found none for 1 slides \(lost\.svs\); .*--missing drop/, ...longer);
    expect((await runCli(...longer, '--missing', 'drop', '--out', at('dropped'))).code).toBe(0);
    const { data } = resultOf<SurvivalRun>('dropped');
    expect(data.patients).toBe(48);
    expect(data.notes[0]).toMatch(/1 patients left out/);
    await fails(2, /either --splits or --folds/, ...base, '--splits', root, '--folds', '3');
    await fails(1, /survival_months_dss/, ...base, '--endpoint', 'dss');
  }, 60_000);
});

describe('report', () => {
  it('is made anew from the folder of any run, the same bytes', async () => {
    for (const out of ['classes', 'retrieval', 'panther']) {
      const before = readFileSync(at(out, 'report.html'));
      expect((await runCli('report', at(out))).code).toBe(0);
      expect(readFileSync(at(out, 'report.html')).equals(before)).toBe(true);
    }
  });

  it('refuses other folders with one line', async () => {
    const empty = await runCli('report', root);
    expect([empty.code, empty.err]).toEqual([
      2,
      expect.stringMatching(/^error: report: needed the folder of a finished run/),
    ]);
    mkdirSync(at('odd'));
    for (const content of ['{', '{"kind": "else"}', '{"kind": "survival benchmark"}']) {
      writeFileSync(at('odd', 'result.json'), content);
      const odd = await runCli('report', at('odd'));
      expect([odd.code, odd.err]).toEqual([
        1,
        expect.stringMatching(/^error: report: needed a result of this package/),
      ]);
    }
  });

  it.each(['classification', 'retrieval', 'survival'])('benchmark %s --help has examples', async (task) => {
    const { code, out } = await runCli('benchmark', task, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(/Examples:\n {2}#/);
  });
});
