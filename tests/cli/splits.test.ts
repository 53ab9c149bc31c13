/** `splits`: samples of a HEST table, their folds, and what stands on both sides. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import type { SplitListing } from '../../src/pipeline/index.ts';
import { ALIKE_MARKS, readThumbnailHashes, thumbnailDistance } from '../../src/spatial/index.ts';
import { sharedData } from '../support/paths.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mvhybrid-splits-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]) => join(root, ...names);

/** Invented rows. S1 and S4 have equal spots and pixel size; S3 and S6 look alike; S5 and S7 name no patient. */
const TABLE = `dataset_title,id,oncotree_code,species,patient,st_technology,study_link,nb_genes,spots_under_tissue,pixel_size_um_estimated
Atlas,S1,COAD,Homo sapiens,Patient 1,Visium,https://a,18000,900,0.5
Atlas,S2,READ,Homo sapiens,Patient 1,Visium,https://b,18000,800,0.51
Atlas,S3,READ,Homo sapiens,Patient 2,Visium,https://b,18000,810,0.52
Second lab,S4,COAD,Homo sapiens,Patient 1,Visium HD,,18085,900,0.5
Third lab,S5,COADREAD,Homo sapiens,,Visium,,1142,700,0.4
Third lab,S6,COAD,Homo sapiens,Patient 9,Visium,,18000,710,0.41
Third lab,S7,COAD,Homo sapiens,,Visium,,18000,720,0.42
Breast,S8,IDC,Homo sapiens,,Visium,,18000,900,0.5
`;

/** A picture of blots on white, drawn from a seed. */
async function picture(path: string, seed: string, sidePx: number, quality: number): Promise<void> {
  const rng = new Rng(seed);
  const blots = Array.from({ length: 9 }, () => {
    const [x, y, r] = [rng.uniform(), rng.uniform(), 0.05 + 0.12 * rng.uniform()].map((v) => v * sidePx);
    return `<circle cx="${x}" cy="${y}" r="${r}" fill="rgb(${rng.integer(80, 220)},60,140)"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${sidePx}" height="${sidePx}"><rect width="100%" height="100%" fill="#f4f2f4"/>${blots.join('')}</svg>`;
  await sharp(Buffer.from(svg)).jpeg({ quality }).toFile(path);
}

async function listing(...args: string[]): Promise<SplitListing> {
  const { code, out, err } = await runCli('splits', ...args, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as SplitListing;
}

beforeAll(async () => {
  mkdirSync(at('hest', 'thumbnails'), { recursive: true });
  writeFileSync(at('HEST_small.csv'), TABLE);
  writeFileSync(at('hest', 'HEST_small.csv'), TABLE);
  const pictures = { S1: 'one', S2: 'two', S3: 'three', S4: 'four', S6: 'three' };
  for (const [id, seed] of Object.entries(pictures)) {
    // The same tissue, scaled and compressed in another way.
    const [sidePx, quality] = id === 'S6' ? [700, 60] : [1000, 90];
    await picture(at('hest', 'thumbnails', `${id}_downscaled_fullres.jpeg`), seed, sidePx!, quality!);
  }
});

describe('splits of a table', () => {
  it('lists the selection and holds every study out once', async () => {
    const { samples, studies, splits, withPatient, thumbnails } = await listing(at('HEST_small.csv'));
    expect(samples.map(({ id }) => id)).toEqual(['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7']);
    expect([withPatient, thumbnails]).toEqual([5, 0]);
    expect(studies.map(({ name, samples: ids }) => [name, ids])).toEqual([
      ['Atlas', ['S1', 'S2', 'S3']],
      ['Second lab', ['S4']],
      ['Third lab', ['S5', 'S6', 'S7']],
    ]);
    expect(splits).toHaveLength(1);
    expect(splits[0]!.folds.map(({ name, train, test }) => [name, train, test])).toEqual([
      ['Atlas', ['S4', 'S5', 'S6', 'S7'], ['S1', 'S2', 'S3']],
      ['Second lab', ['S1', 'S2', 'S3', 'S5', 'S6', 'S7'], ['S4']],
      ['Third lab', ['S1', 'S2', 'S3', 'S4'], ['S5', 'S6', 'S7']],
    ]);
  });

  it('warns of patients, of unnamed ones, and of pairs by numbers', async () => {
    const { splits, duplicates } = await listing(at('HEST_small.csv'), '--by', 'study,section');
    expect(duplicates).toEqual([
      { ids: ['S1', 'S4'], reason: 'equal spot count (900) and pixel size', acrossTitles: true },
    ]);
    const leaks = splits.map(({ folds }) =>
      folds.flatMap(({ leaks: found }) =>
        found.map(({ kind, severity, train, test }) => [kind, severity, train, test]),
      ),
    );
    expect(leaks[0]).toEqual([
      ['duplicate', 'suspect', ['S4'], ['S1']],
      ['duplicate', 'suspect', ['S1'], ['S4']],
    ]);
    expect(leaks[1]).toEqual([
      ['patient', 'leak', ['S2'], ['S1']],
      ['duplicate', 'suspect', ['S4'], ['S1']],
      ['patient', 'leak', ['S1'], ['S2']],
      ['duplicate', 'suspect', ['S1'], ['S4']],
      ['patient', 'suspect', ['S7'], ['S5']],
      ['patient', 'suspect', ['S5'], ['S7']],
    ]);
  });

  it('looks at thumbnails: alike ones warn, others raise doubt', async () => {
    const { duplicates, thumbnails } = await listing(at('hest'));
    expect(thumbnails).toBe(5);
    expect(duplicates.map(({ ids }) => ids)).toEqual([
      ['S1', 'S4'],
      ['S3', 'S6'],
    ]);
    expect(duplicates[0]!.reason).toMatch(
      /^equal spot count \(900\) and pixel size; but thumbnails differ \(\d+ of 256 marks\)$/,
    );
    expect(duplicates[1]!.reason).toMatch(/^thumbnails alike \(\d+ of 256 marks differ\)$/);
    const hashes = await readThumbnailHashes(at('hest'), ['S1', 'S2', 'S3', 'S4', 'S5', 'S6']);
    expect([...hashes.keys()]).toEqual(['S1', 'S2', 'S3', 'S4', 'S6']);
    expect(thumbnailDistance(hashes.get('S3')!, hashes.get('S6')!)).toBeLessThanOrEqual(ALIKE_MARKS);
    expect(thumbnailDistance(hashes.get('S1')!, hashes.get('S2')!)).toBeGreaterThan(2 * ALIKE_MARKS);
  });

  it('filters, keeps patients whole, takes links as studies and lists of duplicates', async () => {
    const args = [at('HEST_small.csv'), '--technology', 'Visium', '--min-genes', '2000', '--exclude', 'S7'];
    const { samples, splits, studies } = await listing(
      ...[
        ...args,
        '--study-key',
        'title+link',
        '--by',
        'study,patient,hest-patients,random-patients',
        '--folds',
        '2',
      ],
    );
    expect(samples.map(({ id }) => id)).toEqual(['S1', 'S2', 'S3', 'S6']);
    expect(studies).toHaveLength(3);
    const tests = splits.map(({ folds }) => folds.map(({ test }) => test.join(' ')));
    expect(tests.slice(0, 3)).toEqual([
      ['S1', 'S2 S3', 'S6'],
      ['S1 S2', 'S3', 'S6'],
      ['S1 S2', 'S3 S6'],
    ]);
    expect(tests[3]!.join(' ').split(' ').sort()).toEqual(['S1', 'S2', 'S3', 'S6']);
    expect(tests[3]!.some((ids) => ids.includes('S1 S2'))).toBe(true);
    // A title with two papers, one of its patients in both: LOSO by link leaks.
    expect(splits[0]!.folds[0]!.leaks.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['patient', 'leak'],
    ]);
    writeFileSync(at('same.txt'), 'S3,S6\n');
    const { splits: known } = await listing(...args, '--duplicates', at('same.txt'));
    expect(known[0]!.folds[0]!.leaks.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['duplicate', 'leak'],
    ]);
  });

  it('prints for people', async () => {
    const { code, out } = await runCli('splits', at('hest'), '--by', 'study');
    expect(code).toBe(0);
    expect(out).toContain('7 samples, 3 studies; 5 samples name a patient; 5 thumbnails compared');
    expect(out).toContain('warning: S3 and S6 may be one tissue under two titles: thumbnails alike');
    expect(out).toMatch(
      /\nSecond lab\n {2}test \(1\): S4\n {2}training: the other 6\n {2}suspect: S1 in training and S4/,
    );
  });

  it('refuses what it cannot use with one line', async () => {
    const fails = async (sentence: RegExp, exit: number, ...args: string[]) => {
      const { code, err } = await runCli('splits', ...args);
      expect(err).toMatch(sentence);
      expect([code, err.trimEnd().split('\n').length]).toEqual([exit, 1]);
    };
    await fails(/found nothing at .*absent.csv/, 2, at('absent.csv'));
    await fails(
      /needed COAD, READ, COADREAD samples that pass the filters, found none of 8/,
      2,
      at('HEST_small.csv'),
      '--min-genes',
      '99999',
    );
    await fails(
      /needed 2 to 6 folds|needed 2 to 5 folds/,
      2,
      at('HEST_small.csv'),
      '--by',
      'hest-patients',
      '--folds',
      '50',
    );
    mkdirSync(at('empty'));
    await fails(/needed a sample table HEST\*\.csv, found none/, 1, at('empty'));
    writeFileSync(at('hest', 'thumbnails', 'S5_downscaled_fullres.jpeg'), 'no picture');
    await fails(/thumbnails: needed a readable picture, found .*S5/, 1, at('hest'));
    rmSync(at('hest', 'thumbnails', 'S5_downscaled_fullres.jpeg'));
  });
});

const table = sharedData('hest_metadata/HEST_v1_1_0.csv');
describe.skipIf(table === undefined)('splits of HEST-1k 1.1.0', () => {
  it('lists 64 colorectal samples of 11 titles and finds the two known pairs on both sides of LOSO', async () => {
    const { samples, studies, splits, duplicates } = await listing(table!, '--by', 'study');
    expect([samples.length, studies.length, duplicates.length]).toEqual([64, 11, 2]);
    const { folds } = splits[0]!;
    expect(folds.map(({ test }) => test.length).sort((a, b) => b - a)).toEqual([
      34, 12, 7, 4, 1, 1, 1, 1, 1, 1, 1,
    ]);
    for (const { train, test } of folds) expect(new Set([...train, ...test]).size).toBe(64);
    const leaks = folds.flatMap(({ leaks: found }) => found);
    const pairs = leaks.map(({ severity, train, test }) => [severity, ...train, ...test].join(' ')).sort();
    expect(pairs).toEqual([
      'leak TENX128 TENX155',
      'leak TENX155 TENX128',
      'suspect TENX28 TENX29',
      'suspect TENX29 TENX28',
    ]);
  });

  it("makes the four folds of the paper's benchmark of eight samples", async () => {
    const ids = 'TENX111,TENX147,TENX148,TENX149,ZEN36,ZEN40,ZEN48,ZEN49';
    const { splits } = await listing(
      ...[table!, '--samples', ids, '--by', 'patient,hest-patients', '--folds', '4'],
    );
    for (const { folds } of splits) {
      const tests = folds.map(({ test }) => [...test].sort().join(' ')).sort();
      expect(tests).toEqual(['TENX111', 'TENX147 TENX148 TENX149', 'ZEN36 ZEN40', 'ZEN48 ZEN49']);
      expect(folds.flatMap(({ leaks }) => leaks)).toEqual([]);
    }
  });

  it('of 54 Visium samples finds patients on both sides of ten random folds', async () => {
    const { samples, splits } = await listing(
      ...[table!, '--technology', 'Visium', '--min-genes', '2000', '--by', 'random-sections,random-patients'],
    );
    expect(samples).toHaveLength(54);
    const [sections, patients] = splits;
    expect(sections!.folds.map(({ test }) => test.length)).toEqual([6, 6, 6, 6, 5, 5, 5, 5, 5, 5]);
    expect(
      sections!.folds
        .flatMap(({ leaks }) => leaks)
        .some(({ kind, severity }) => kind === 'patient' && severity === 'leak'),
    ).toBe(true);
    expect(patients!.folds.flatMap(({ leaks }) => leaks).filter(({ kind }) => kind === 'patient')).toEqual(
      [],
    );
  });
});
