/**
 * Whole slides through the compiled command line: several processes on one list, kill -9, bad slides, shards.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEmbeddings } from '../../src/embedding/index.ts';
import type { SlideOutcome, SlideReport } from '../../src/pipeline/index.ts';
import { readCoords } from '../../src/slide/index.ts';
import { buildWorker } from '../data/built-worker.ts';
import { writeSmallEncoder, writeSmallSlides } from '../pipeline/slides/small-slides.ts';
import { withoutProgress } from '../support/run-cli.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'mvhybrid-slides-'));
const slides = join(root, 'slides');
const weights = join(root, 'encoder.safetensors');
const NAMES = ['s1', 's2', 's3', 's4', 's5', 's6'];
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  await buildWorker();
  mkdirSync(slides);
  await writeSmallEncoder(weights);
  await writeSmallSlides(slides, NAMES.length);
}, 600_000);

interface Ended {
  readonly code: number | null;
  readonly outcomes: readonly SlideOutcome[];
  readonly errors: string;
}

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
}

function ended(child: ChildProcess): Promise<Ended> {
  const texts = { out: '', err: '' };
  child.stdout!.on('data', (chunk) => {
    texts.out += String(chunk);
  });
  child.stderr!.on('data', (chunk) => {
    texts.err += String(chunk);
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const { outcomes = [] } = JSON.parse(texts.out || '{}') as { outcomes?: SlideOutcome[] };
      resolve({ code, outcomes, errors: withoutProgress(texts.err) });
    });
  });
}

const embedArgs = (out: string, inputs = [slides, '--slides']) => [
  ...['embed', ...inputs, '--weights', weights, '--out', out],
  ...['--patch-um', '16', '--size', '32', '--batch', '4', '--threads', '1'],
];
const embed = (out: string, inputs?: string[]) => ended(start(...embedArgs(out, inputs)));

function withStatus({ outcomes }: Ended, status: SlideOutcome['status']): string[] {
  return outcomes.filter((one) => one.status === status).map(({ id }) => id);
}

function reportOf(out: string): SlideReport[] {
  return (JSON.parse(readFileSync(join(out, 'run-report.json'), 'utf8')) as { slides: SlideReport[] }).slides;
}

const bytesOf = (out: string, id: string) => readFileSync(join(out, `${id}.h5`));
const whole = join(root, 'whole');

describe('embed on slides', () => {
  it('shares a list between two processes: each slide exactly once', async () => {
    const runs = await Promise.all([embed(whole), embed(whole)]);
    expect(runs.map(({ code, errors }) => [code, errors])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const done = runs.map((run) => withStatus(run, 'done'));
    expect(done.flat().sort()).toEqual(NAMES);
    for (const some of done) expect(some.length).toBeGreaterThan(0);
    expect(readdirSync(join(whole, 'state')).sort()).toEqual(NAMES.map((id) => `${id}.json`));
    const again = await embed(whole);
    expect(withStatus(again, 'skipped')).toEqual(NAMES);
    const lines = reportOf(whole);
    expect(lines.map(({ id, status, inThisRun }) => [id, status, inThisRun])).toEqual(
      NAMES.map((id) => [id, 'done', 'skipped']),
    );
    expect(new Set(lines.map(({ by }) => by)).size).toBe(2);
    for (const { id, patches, seconds } of lines) {
      const { rows, width } = await readEmbeddings(join(whole, `${id}.h5`));
      expect([rows.length, width]).toEqual([patches, 128]);
      expect(new Set(rows.map(({ barcode }) => barcode)).size).toBe(patches);
      expect(seconds).toBeGreaterThan(0);
    }
  }, 600_000);

  it('goes on after kill -9 and ends with the bytes of an undisturbed run', async () => {
    const broken = join(root, 'broken');
    const child = start(...embedArgs(broken));
    const end = ended(child);
    const parts = join(broken, 's2.h5.parts');
    const saved = () =>
      existsSync(parts) ? readdirSync(parts).filter((name) => name.endsWith('.f32')).length : 0;
    while (saved() < 2) {
      if (child.exitCode !== null) throw new Error('the run ended before it could be killed');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill('SIGKILL');
    await end;
    expect(existsSync(join(broken, 'state', 's2.lock'))).toBe(true);
    expect(existsSync(join(broken, 's2.h5'))).toBe(false);

    const second = await embed(broken);
    expect(second.code).toBe(0);
    expect(withStatus(second, 'skipped')).toEqual(['s1']);
    expect(withStatus(second, 'done')).toEqual(NAMES.slice(1));
    const { patches, resumed } = second.outcomes[1]!;
    expect(resumed).toBeGreaterThan(0);
    expect(resumed).toBeLessThan(patches);
    for (const id of NAMES) expect(bytesOf(broken, id).equals(bytesOf(whole, id))).toBe(true);
    expect(readdirSync(broken).filter((name) => /\.(tmp|parts)$/.test(name))).toEqual([]);
  }, 600_000);

  it('lists bad slides at the end and does the others', async () => {
    const list = join(root, 'list.txt');
    writeFileSync(join(root, 'torn.svs'), readFileSync(join(slides, 's1.svs')).subarray(0, 30_000));
    writeFileSync(list, `torn.svs\n${join(slides, 's1.svs')}\nabsent.svs\n`);
    const out = join(root, 'bad');
    const run = await embed(out, [list]);
    expect(run.code).toBe(1);
    expect(withStatus(run, 'done')).toEqual(['s1']);
    expect(withStatus(run, 'failed')).toEqual(['absent', 'torn']);
    const lines = run.errors.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^failed: absent: .*absent\.svs/);
    expect(lines[1]).toMatch(/^failed: torn: .*torn\.svs/);
    expect(bytesOf(out, 's1').equals(bytesOf(whole, 's1'))).toBe(true);
    const torn = reportOf(out).find(({ id }) => id === 'torn')!;
    expect(torn).toMatchObject({ status: 'failed', inThisRun: 'failed', patches: 0 });
    expect(torn.reason).toContain('torn.svs');
    // A repaired slide is tried again.
    cpSync(join(slides, 's2.svs'), join(root, 'torn.svs'));
    const again = await embed(out, [list]);
    expect([withStatus(again, 'done'), withStatus(again, 'skipped'), again.code]).toEqual([
      ['torn'],
      ['s1'],
      1,
    ]);
  }, 600_000);

  it('does its shard only', async () => {
    const out = join(root, 'shards');
    const second = await embed(out, [slides, '--slides', '--shard', '2/3']);
    expect(second.outcomes.map(({ id }) => id)).toEqual(['s2', 's5']);
    expect(reportOf(out).map(({ status, inThisRun }) => `${status}, ${inThisRun}`)).toEqual(
      NAMES.map((id) => (['s2', 's5'].includes(id) ? 'done, done' : 'waiting, not in this shard')),
    );
    for (const id of ['s2', 's5']) expect(bytesOf(out, id).equals(bytesOf(whole, id))).toBe(true);
  }, 600_000);

  it('refuses to mix settings unless told to replace', async () => {
    const out = join(root, 'mixed');
    const one = join(slides, 's3.svs');
    expect((await embed(out, [one])).code).toBe(0);
    const other = await embed(out, [one, '--min-tissue', '0.9']);
    expect(other.code).toBe(1);
    expect(other.errors).toMatch(/failed: s3: .*another patches .*"minTissueShare":0.9.* now.*--overwrite/);
    const replaced = await embed(out, [one, '--min-tissue', '0.9', '--overwrite']);
    expect(withStatus(replaced, 'done')).toEqual(['s3']);
    expect(replaced.outcomes[0]!.patches).toBeLessThan(reportOf(whole)[2]!.patches);
  }, 600_000);

  it('takes coordinates of `tile`, in both layouts, and gives what it would have found itself', async () => {
    for (const layout of ['clam', 'trident']) {
      const tiles = join(root, `tiles-${layout}`);
      const one = join(slides, 's4.svs');
      const size = ['--patch-um', '16', '--patch-px', '32'];
      const tiled = await ended(start('tile', one, ...size, '--layout', layout, '--out', tiles));
      expect([tiled.code, withStatus(tiled, 'done')]).toEqual([0, ['s4']]);
      const out = join(root, `coords-${layout}`);
      const args = embedArgs(out, [one, '--coords', tiles]).filter(
        (arg) => !['--patch-um', '16'].includes(arg),
      );
      expect((await ended(start(...args))).code).toBe(0);
      const [given, found] = await Promise.all([out, whole].map((o) => readEmbeddings(join(o, 's4.h5'))));
      expect(given!.rows).toEqual(found!.rows);
      expect(given!.values).toEqual(found!.values);
      const { corners } = await readCoords(join(tiles, 's4.h5'));
      expect(given!.rows.flatMap(({ x, y }) => [x, y])).toEqual([...corners]);
    }
  }, 600_000);

  it('normalises stain: other values for other methods, none the same as without', async () => {
    const one = join(slides, 's5.svs');
    const values: Float32Array[] = [(await readEmbeddings(join(whole, 's5.h5'))).values];
    for (const method of ['macenko', 'reinhard']) {
      for (const target of [[], ['--stain-target', join(slides, 's1.svs')]]) {
        const out = join(root, `stain-${values.length}`);
        const run = await embed(out, [one, '--stain', method, ...target]);
        expect([run.code, run.errors]).toEqual([0, '']);
        values.push((await readEmbeddings(join(out, 's5.h5'))).values);
      }
    }
    expect(new Set(values.map((v) => v.join())).size).toBe(5);
    for (const some of values) expect(some.every(Number.isFinite)).toBe(true);
  }, 600_000);

  it.each([
    [['--coords', 'x', '--min-tissue', '0.1'], /--min-tissue/],
    [['--sections', 'a'], /--sections/],
    [['--stain-target', 'x.svs'], /--stain macenko/],
    [['--mask', 'nowhere.png'], /nothing at nowhere\.png/],
    [['--mask-classes', 'Tumour'], /--mask/],
    [['--min-focus', '20'], /--drop blurred/],
    [['--max-ink', '0.1', '--min-focus', '20', '--drop', 'blurred'], /--drop ink/],
    [['--tissue', 'tcga', '--mask', 'x'], /both/],
  ])('refuses %j', async (flags, sentence) => {
    const run = await embed(join(root, 'refused'), [join(slides, 's1.svs'), ...flags]);
    expect(run.errors).toMatch(sentence);
    expect(run.code).toBe(2);
    expect(existsSync(join(root, 'refused'))).toBe(false);
  });

  it('refuses slide options for cohorts', async () => {
    const run = await embed(join(root, 'refused'), [slides, '--tissue', 'otsu']);
    expect([run.code, run.errors]).toEqual([
      2,
      expect.stringMatching(/sections and pictures uses, found --tissue/),
    ]);
  });
});

describe('tile', () => {
  it('does all slides, skips them the next time, and lists a bad one', async () => {
    const out = join(root, 'tiled');
    writeFileSync(join(root, 'bad.svs'), 'no slide');
    const inputs = [slides, join(root, 'bad.svs'), '--min-tissue', '0.5'];
    const first = await ended(start('tile', ...inputs, '--patch-um', '32', '--out', out));
    expect(first.code).toBe(1);
    expect(withStatus(first, 'done')).toEqual(NAMES);
    expect(first.errors).toMatch(/^failed: bad: .*bad\.svs.*\n$/);
    for (const id of NAMES) {
      const { corners, sidePx, columns } = await readCoords(join(out, `${id}.h5`));
      expect(sidePx).toBe(64);
      expect(corners.length / 2).toBe(first.outcomes.find((one) => one.id === id)!.patches);
      expect(columns.get('tissue_share')!.every((share) => share >= 0.5)).toBe(true);
    }
    const second = await ended(start('tile', ...inputs, '--patch-um', '32', '--out', out));
    expect(withStatus(second, 'skipped')).toEqual(NAMES);
  }, 600_000);

  it('reports a slide without tissue as empty, not as failed', async () => {
    const out = join(root, 'empty');
    const args = [join(slides, 's1.svs'), '--tissue', 'resection', '--out', out];
    const run = await ended(start('tile', ...args));
    expect([run.code, withStatus(run, 'empty')]).toEqual([0, ['s1']]);
    expect(run.outcomes[0]!.reason).toMatch(/no piece is large enough/);
    expect(withStatus(await ended(start('tile', ...args)), 'skipped')).toEqual(['s1']);
  }, 600_000);
});
