/** Precut patches in place of a slide: the same pixels give the same embeddings, and what does not fit is said. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSectionPatches } from '../../src/data/index.ts';
import { readEmbeddings } from '../../src/embedding/index.ts';
import { readExpressionHead } from '../../src/eval/index.ts';
import {
  type CohortBenchmark,
  type EmbedRunOptions,
  type EncoderSettings,
  embedSections,
  readEmbedded,
} from '../../src/pipeline/index.ts';
import { cropSquare } from '../../src/slide/index.ts';
import { placePatches, readCohort, type Section, toDense } from '../../src/spatial/index.ts';
import { writeSyntheticCohort } from '../../src/synthetic/index.ts';
import { goldenPath, readEvalGolden } from '../support/paths.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-precut-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string) => join(root, name);

const encoder: EncoderSettings = {
  backbone: 'vit-12',
  randomInit: 2,
  features: 'cls+mean',
  patchUm: 64,
  sizePx: 32,
  batch: 8,
};

/** A section with a slide of 0.5 um per pixel and its patches: 128 px, 64 um. */
let section: Section;
beforeAll(async () => {
  await writeSyntheticCohort(at('cohort'), {
    seed: 4,
    studies: 1,
    patientsPerStudy: 1,
    spotsPerSection: 12,
    mpp: 0.5,
  });
  const [made] = (await readCohort(at('cohort'))).sections;
  await writeSectionPatches({ ...made!, mpp: 0.5 }, at('patches.h5'), { patchUm: 64, sizePx: 128 });
  section = { ...made!, mpp: 0.5, patchesPath: at('patches.h5') };
}, 60_000);

const slideless = (path = at('patches.h5')): Section => ({ ...section, imagePath: path, patchesPath: path });

async function embedded(one: Section, name: string, options: EmbedRunOptions = {}, settings = encoder) {
  const run = await embedSections([one], at(name), settings, options);
  const reason = run.failures[0]?.error;
  return { run, reason: reason instanceof Error ? reason.message : undefined };
}

describe('embedding of precut patches', () => {
  it('gives what cutting from the slide gives, by default only without a slide', async () => {
    const { run: cut } = await embedded(section, 'cut');
    expect(cut.outcomes[0]!.precut).toBeUndefined();
    const { run: asked } = await embedded(section, 'asked', { patches: 'precut' });
    const { run: alone } = await embedded(slideless(), 'alone');
    const facts = { sizePx: 128, mpp: 0.5, spotsWithoutPatch: 0, patchesWithoutSpot: 0 };
    for (const run of [asked, alone]) expect(run.outcomes[0]!.precut).toEqual(facts);
    const [a, b, c] = await Promise.all(
      [cut, asked, alone].map((run) => readEmbeddings(run.outcomes[0]!.path)),
    );
    expect(b!.rows).toEqual(a!.rows);
    expect(b!.values).toEqual(a!.values);
    expect(c!.values).toEqual(a!.values);
  }, 60_000);

  it('crops a smaller physical size from the middle, as the slide gives it', async () => {
    const smaller = { ...encoder, patchUm: 32 };
    const { run: cut } = await embedded(section, 'small-cut', {}, smaller);
    const { run: precut } = await embedded(slideless(), 'small-precut', {}, smaller);
    const [a, b] = await Promise.all([cut, precut].map((run) => readEmbeddings(run.outcomes[0]!.path)));
    expect(b!.rows).toEqual(a!.rows);
    expect(b!.values).toBeClose(a!.values, { atol: 1e-5 });
  }, 60_000);

  it('refuses a larger one', async () => {
    const { reason } = await embedded(slideless(), 'large', {}, { ...encoder, patchUm: 112 });
    expect(reason).toBe(
      `precut patches: needed patches of 112 um, found 64 um (128 px of 0.5 um) in ${at('patches.h5')}; ask for at most that with --patch-um, or cut from the slide with --patches cut`,
    );
  });

  it('refuses patches whose corners tell another pixel size, unless it is stated', async () => {
    await writeSectionPatches(section, at('coarse.h5'), { patchUm: 64, sizePx: 64 });
    const { reason } = await embedded(slideless(at('coarse.h5')), 'coarse');
    expect(reason).toMatch(/needed patches of 0.5 um per pixel, .* found corners as of 1.0\d* um per pixel/);
    const { run } = await embedded(slideless(at('coarse.h5')), 'stated', { precutMpp: 1 });
    expect(run.outcomes[0]!.precut!.mpp).toBe(1);
  }, 60_000);

  it('says what is missing', async () => {
    const { patchesPath: _, ...bare } = section;
    expect((await embedded(bare, 'bare', { patches: 'precut' })).reason).toMatch(
      /needed precut patches of section .*, found none beside it; put patches\/.*\.h5/,
    );
    expect((await embedded(slideless(), 'no-slide', { patches: 'cut' })).reason).toMatch(
      /needed the slide of section .*, found only precut patches/,
    );
    writeFileSync(at('cut.h5'), readFileSync(at('patches.h5')).subarray(0, 5000));
    expect((await embedded(slideless(at('cut.h5')), 'damaged')).reason).toMatch(
      /needed a readable HDF5 file/,
    );
  });

  it('leaves out spots without a patch and joins the others by barcode', async () => {
    const names = section.spots.map(({ barcode }) => barcode);
    // The patch of the first spot now belongs to nobody, and the last two have changed places.
    const changed = ['nobody', ...names.slice(1, -2), names.at(-1)!, names.at(-2)!];
    const renamed = section.spots.map((spot, i) => ({ ...spot, barcode: changed[i]! }));
    await writeSectionPatches({ ...section, spots: renamed }, at('other.h5'), { patchUm: 64, sizePx: 128 });
    const { run, reason } = await embedded(slideless(at('other.h5')), 'other', { precutMpp: 0.5 });
    expect(reason).toBeUndefined();
    expect(run.outcomes[0]!.precut).toMatchObject({ spotsWithoutPatch: 1, patchesWithoutSpot: 1 });
    const [joined] = await readEmbedded([slideless(at('other.h5'))], run);
    const { run: whole } = await embedded(slideless(), 'whole');
    const { values, width } = await readEmbeddings(whole.outcomes[0]!.path);
    const row = (i: number) => values.subarray(i * width, (i + 1) * width);
    expect(joined!.section.spots.map(({ barcode }) => barcode)).toEqual(names.slice(1));
    expect(joined!.section.counts.barcodes).toEqual(names.slice(1));
    const last = joined!.section.spots.length - 1;
    expect(joined!.features.data.subarray(last * width)).toBeClose(row(names.length - 2), { atol: 1e-5 });
    expect(joined!.section.dropped?.spotsWithoutPatch).toBe(1);
  }, 60_000);
});

describe('cropSquare', () => {
  it('takes the middle', () => {
    const pixels = Uint8Array.from({ length: 5 * 5 * 3 }, (_, i) => Math.floor(i / 3));
    const first = (square: Uint8Array) => Array.from(square).filter((_, i) => i % 3 === 0);
    expect(first(cropSquare(pixels, 5, 3))).toEqual([6, 7, 8, 11, 12, 13, 16, 17, 18]);
    expect(first(cropSquare(pixels, 5, 2))).toEqual([12, 13, 17, 18]);
    expect(cropSquare(pixels, 5, 5)).toBe(pixels);
  });
});

describe('a HEST folder without slides', () => {
  const mini = goldenPath('eval/hest_mini');
  const golden = readEvalGolden<{
    genes: string[];
    samples: Record<string, { kept_barcodes: string[]; X_aligned_log1p: number[][] }>;
  }>('hest_mini_expected');
  // The files' corners were made for slide pixels, so the pixel size is stated.
  const PATCHES = ['--precut-mpp', '0.5', '--patch-um', '8', '--size', '16'];
  const ENCODER = ['--backbone', 'vit-12', '--random-init', '0', '--features', 'cls'];

  it('is embedded from its patches, one vector per spot that has one', async () => {
    const done = await runCli('embed', mini, ...ENCODER, ...PATCHES, '--out', at('mini'));
    expect(done.err).toContain(
      'MINI1: precut patches, 16 px at 0.5 um per pixel; left out 2 spots without a patch',
    );
    expect(done.code).toBe(0);
    for (const [id, { kept_barcodes: kept }] of Object.entries(golden.samples)) {
      const { rows } = await readEmbeddings(at(`mini/${id}.h5`));
      expect(new Set(rows.map(({ barcode }) => barcode))).toEqual(new Set(kept));
    }
  }, 60_000);

  it('pairs each vector with the counts of its own barcode', async () => {
    const { sections } = await readCohort(mini);
    for (const one of sections) {
      const { kept_barcodes: kept, X_aligned_log1p: logs } = golden.samples[one.id]!;
      const { section: placed } = placePatches(one, { barcodes: kept, path: 'golden' });
      const dense = toDense(placed.counts, golden.genes);
      const genes = golden.genes.length;
      for (const [i, barcode] of placed.counts.barcodes.entries()) {
        const own = Array.from(dense.data.subarray(i * genes, (i + 1) * genes), (v) => Math.log1p(v));
        expect(own).toBeClose(logs[kept.indexOf(barcode)]!, { atol: 1e-6 });
      }
    }
  });

  it('runs through the benchmark, whose card says where the patches came from', async () => {
    const done = await runCli(
      ...['benchmark', 'expression', mini, ...ENCODER, ...PATCHES],
      ...['--split', 'patient', '--gene-count', '5', '--resamples', '0', '--out', at('mini-benchmark')],
    );
    expect(done.err).toContain('MINI3: precut patches');
    expect(done.code).toBe(0);
    const result = JSON.parse(readFileSync(at('mini-benchmark/result.json'), 'utf8')) as CohortBenchmark;
    expect(result.protocol.patches).toBe('precut, 16 px at 0.5 um per pixel, spots without a patch left out');
    const kept = Object.values(golden.samples).map(({ kept_barcodes: names }) => names.length);
    expect(result.sections.map(({ spots }) => spots)).toEqual(kept);
    expect(result.maps?.length).toBeGreaterThan(0);
  }, 120_000);

  it('is fitted on and predicted, with maps on white', async () => {
    const fitted = await runCli(
      'fit',
      mini,
      ...ENCODER,
      ...PATCHES,
      '--gene-count',
      '5',
      '--out',
      at('head'),
    );
    expect(fitted.code).toBe(0);
    const head = at('head/head.safetensors');
    const { genes } = await readExpressionHead(head);
    const done = await runCli(
      ...['predict', head, mini, '--sections', 'MINI1', '--precut-mpp', '0.5', '--genes', genes[0]!],
      ...['--compare', '--out', at('predicted')],
    );
    expect(done.code).toBe(0);
    const [, ...rows] = readFileSync(at('predicted/predictions.csv'), 'utf8').trimEnd().split('\n');
    const names = rows.map((row) => row.split(',')[0]);
    expect(new Set(names)).toEqual(new Set(golden.samples.MINI1!.kept_barcodes));
    const { data, info } = await sharp(at(`predicted/maps/${genes[0]}.png`))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const white = data.reduce((n, value) => n + (value === 255 ? 1 : 0), 0);
    expect(white / data.length).toBeGreaterThan(0.5);
    expect(white / data.length).toBeLessThan(0.999);
    expect(info.width).toBeGreaterThan(200);
  }, 60_000);

  it('refuses what it cannot give', async () => {
    const large = await runCli('embed', mini, ...ENCODER, '--precut-mpp', '0.5', '--out', at('mini-large'));
    expect(large.code).toBe(1);
    expect(large.err).toContain(
      'MINI2: precut patches: needed patches of 112 um, found 8 um (16 px of 0.5 um)',
    );
    const cut = await runCli(
      'embed',
      mini,
      ...ENCODER,
      ...PATCHES,
      '--patches',
      'cut',
      '--out',
      at('mini-cut'),
    );
    expect(cut.code).toBe(1);
    expect(cut.err).toContain('needed the slide of section MINI1, found only precut patches');
    const pictures = await runCli('embed', root, '--pictures', '--patches', 'cut', '--out', at('x'));
    expect(pictures.code).toBe(2);
    expect(pictures.err).toContain('--patches');
  }, 60_000);
});
