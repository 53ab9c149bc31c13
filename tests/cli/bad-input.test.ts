/** What a user gets for bad input: one sentence on stderr, nothing on stdout, no half result, the right exit code. */
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
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBackbone } from '../../src/backbones/index.ts';
import { moduleTensors, writeSafetensors } from '../../src/weights/index.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-bad-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const out = join(root, 'out');
const weights = join(root, 'weights.safetensors');
const RUN = ['--random-init', '0', '--size', '32', '--out', out];

interface Changes {
  spots?: string;
  counts?: string;
}

const SPOTS = 'barcode,px,py\n1x1,40,40\n1x2,80,40\n2x1,40,80\n';
const COUNTS = '\tG1\tG2\n1x1\t1\t2\n1x2\t0\t3\n2x1\t4\t1\n';

/** A section of three spots with what a case changes. */
async function section(name: string, { spots = SPOTS, counts = COUNTS }: Changes = {}): Promise<string> {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spots.csv'), spots);
  writeFileSync(join(folder, 'counts.tsv'), counts);
  writeFileSync(join(folder, 'meta.json'), '{"um_per_px": 1}');
  await sharp({ create: { width: 120, height: 120, channels: 3, background: '#d8a0c0' } })
    .png()
    .toFile(join(folder, 'he.png'));
  return folder;
}

async function fails(code: number, sentence: RegExp, ...args: string[]): Promise<void> {
  const run = await runCli(...args);
  expect(run.err).toMatch(sentence);
  expect(run.code).toBe(code);
  expect(run.err).not.toMatch(/\n\s+at /);
  // The parser adds a guess and a hint to its own errors; ours are one line.
  const own = /^error: (unknown|option)/.test(run.err);
  expect(run.err.trimEnd().split('\n').length, run.err).toBeLessThanOrEqual(own ? 3 : 1);
  const left = existsSync(out) ? readdirSync(out, { recursive: true }).map(String) : [];
  expect(
    left.filter((name) => /\.(h5|json|csv|safetensors|tmp)$/.test(name) && !name.includes('.parts')),
  ).toEqual([]);
}

let good: string;
beforeAll(async () => {
  good = await section('good');
  const backbone = createBackbone('vit-12').initialize(1);
  await writeSafetensors(weights, moduleTensors(backbone));
  backbone.dispose();
});

describe('bad input ends with one sentence', () => {
  it('missing cohort', () => fails(2, /needed .* found no.*absent/, 'embed', join(root, 'absent'), ...RUN));

  it('missing weights', () =>
    fails(2, /no such file/, 'embed', good, '--weights', join(root, 'no.pth'), '--size', '32', '--out', out));

  it('no weights named', () =>
    fails(2, /either a weights file or a seed.*--random-init/, 'embed', good, '--out', out));

  it('truncated safetensors', async () => {
    const path = join(root, 'short.safetensors');
    writeFileSync(path, readFileSync(weights).subarray(0, 1_000_000));
    await fails(
      1,
      /needed .*found .*short\.safetensors/,
      'embed',
      good,
      '--weights',
      path,
      '--size',
      '32',
      '--out',
      out,
    );
  });

  it('a checkpoint of another backbone names a parameter', () =>
    fails(
      1,
      /load weights: needed \d+ parameters, among them .*blocks\.blocks.*found/,
      'embed',
      good,
      '--weights',
      weights,
      '--size',
      '32',
      '--out',
      out,
    ));

  it('a wrong shape names the parameter, what was needed and what was found', async () => {
    const backbone = createBackbone('vit-12').initialize(1);
    const tensors = new Map(moduleTensors(backbone));
    tensors.set('norm.weight', { dtype: 'F32', shape: [383], bytes: new Uint8Array(383 * 4) });
    const path = join(root, 'shape.safetensors');
    await writeSafetensors(path, tensors);
    backbone.dispose();
    const args = ['embed', good, '--backbone', 'vit-12', '--weights', path, '--size', '32', '--out', out];
    await fails(1, /needed norm\.weight of shape \[384\], found \[383\] in .*shape\.safetensors/, ...args);
  });

  it('an input that is no multiple of 16', () =>
    fails(
      2,
      /--size.*multiple of 16 pixels, e\.g\. 256/,
      'embed',
      good,
      '--random-init',
      '0',
      '--size',
      '250',
      '--out',
      out,
    ));

  it('pictures of another size', async () => {
    const pictures = join(root, 'pictures');
    mkdirSync(pictures);
    await sharp({ create: { width: 100, height: 100, channels: 3, background: 'white' } })
      .png()
      .toFile(join(pictures, 'a.png'));
    await fails(
      1,
      /needed 32 x 32 RGB pixels, found 100 x 100 .*--size/,
      'embed',
      pictures,
      '--pictures',
      ...RUN,
    );
  });

  it('spots outside the image', async () => {
    const folder = await section('outside', { spots: SPOTS.replace('80,40', '800,40') });
    await fails(1, /1 of 3 spots outside the image, the first 1x2 at \(800, 40\)/, 'embed', folder, ...RUN);
  });

  it('counts of unknown barcodes', async () => {
    const folder = await section('unknown', { counts: `${COUNTS}9x9\t1\t1\n` });
    await fails(1, /9x9/, 'embed', folder, ...RUN);
  });

  it('counts that are not numbers', async () => {
    const folder = await section('nan', { counts: COUNTS.replace('\t3', '\tnan') });
    await fails(1, /needed .*found .*nan/i, 'embed', folder, ...RUN);
  });

  it('an empty gene list', async () => {
    const list = join(root, 'genes.txt');
    writeFileSync(list, '\n');
    await fails(1, /gene/, 'benchmark', 'expression', good, '--gene-list', list, ...RUN);
    const args = ['benchmark', 'expression', good, '--gene-list', list, '--gene-count', '3', ...RUN];
    await fails(2, /either --gene-list or a rule, found --gene-list and --gene-count/, ...args);
  });

  it('a corrupt image', async () => {
    const folder = await section('corrupt');
    writeFileSync(join(folder, 'he.png'), readFileSync(join(folder, 'he.png')).subarray(0, 90));
    await fails(
      1,
      /needed a complete JPEG, PNG, TIFF or WebP image, found .*he\.png/,
      'embed',
      folder,
      ...RUN,
    );
  });

  it('a file that is no head', () =>
    fails(1, /read head: needed an expression head/, 'predict', weights, good, '--out', out));

  it('unknown commands, options and choices', async () => {
    await fails(2, /unknown command 'embde'/, 'embde');
    await fails(2, /unknown option '--ot'/, 'embed', good, '--ot', out, ...RUN);
    await fails(
      2,
      /--backbone.*mv-hybrid, vit-12, vit-24/,
      'embed',
      good,
      '--backbone',
      'vit-13',
      '--out',
      out,
    );
    await fails(
      2,
      /--split.*"studies" is none of study/,
      'benchmark',
      'expression',
      good,
      '--split',
      'studies',
      ...RUN,
    );
    await fails(2, /cpu, cuda or cuda:N, found "gpu"/, 'embed', good, '--device', 'gpu', ...RUN);
  });
});
