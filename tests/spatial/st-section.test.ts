import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { spotTotals, toDense } from '../../src/spatial/count-matrix.ts';
import { readCountsTable } from '../../src/spatial/counts-table.ts';
import { selectGenes } from '../../src/spatial/gene-selection.ts';
import { readStSection, readStSpots } from '../../src/spatial/st-section.ts';
import { sharedData } from '../support/paths.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

const SPOTS = 'barcode,array_x,array_y,px,py\nb,2,1,20.5,10\na,1,1,10.25,10\n';
const COUNTS = '\tG1\tG2\tG3\na\t1\t0\t2\nb\t0\t3.5\t0\n';

describe('readCountsTable', () => {
  const folder = temporaryFolder();
  it.each([
    ['plain.tsv', COUNTS],
    ['packed.tsv.gz', gzipSync(COUNTS)],
    ['windows.tsv', COUNTS.replaceAll('\n', '\r\n')],
    ['open-ended.tsv', COUNTS.trimEnd()],
    ['commas.csv', COUNTS.replaceAll('\t', ',')],
    ['quoted.csv', '"spot","G1","G2","G3"\n"a",1,0.0,2\n"b","0",3.5,00\n'],
    ['mark.csv', `\uFEFF${COUNTS.replaceAll('\t', ',')}`],
  ])('reads %s', async (name, content) => {
    const counts = await readCountsTable(await folder.write(name, content));
    expect(counts.barcodes).toEqual(['a', 'b']);
    expect(counts.genes).toEqual(['G1', 'G2', 'G3']);
    expect([...toDense(counts).data]).toEqual([1, 0, 2, 0, 3.5, 0]);
    expect(counts.data).toHaveLength(3);
  });

  const raw = 'give raw counts, not scaled values';
  it.each([
    [
      'nan',
      '\tG1\tG2\na\t1\tNaN\n',
      `finite counts of 0 or more, found "NaN" at barcode "a", gene "G2" in PATH; ${raw}`,
    ],
    [
      'empty',
      '\tG1\tG2\na\t\t1\n',
      `finite counts of 0 or more, found "" at barcode "a", gene "G1" in PATH; ${raw}`,
    ],
    [
      'negative',
      '\tG1\tG2\na\t0\t-3\n',
      `finite counts of 0 or more, found "-3" at barcode "a", gene "G2" in PATH; ${raw}`,
    ],
    [
      'short',
      '\tG1\tG2\na\t1\t1\nb\t1\n',
      '2 counts in every line, as the first line has genes, found 1 at barcode "b" in PATH; the file was cut short or mixes separators',
    ],
    [
      'long',
      '\tG1\tG2\na\t1\t1\t7\n',
      '2 counts in every line, as the first line has genes, found 3 at barcode "a" in PATH; the file was cut short or mixes separators',
    ],
    [
      'words',
      'nothing of use\n',
      'a first line with gene names, separated by tabs or commas, found "nothing of use" in PATH',
    ],
  ])('refuses %s', async (name, content, message) => {
    const path = await folder.write(`${name}.tsv`, content);
    await expectRefusal(
      readCountsTable(path),
      DataError,
      `readCountsTable: needed ${message.replace('PATH', path)}`,
    );
  });

  it('refuses a repeated barcode, a damaged gzip, and a path without a file', async () => {
    const twice = await folder.write('twice.tsv', '\tG1\na\t1\na\t1\n');
    await expectRefusal(
      readCountsTable(twice),
      DataError,
      `createCountMatrix: needed unique barcodes, found barcode "a" more than once in ${twice}; rename or merge the repeated barcodes`,
    );
    const cut = await folder.write('cut.tsv.gz', gzipSync(COUNTS).subarray(0, 20));
    await expectRefusal(
      readCountsTable(cut),
      DataError,
      `readCountsTable: needed a readable file, found ${cut} (unexpected end of file); check the path and whether the file was copied completely`,
    );
    const none = join(folder.path, 'none.tsv');
    await expectRefusal(
      readCountsTable(none),
      UsageError,
      `readCountsTable: needed a table of counts, found nothing at ${none}; check the path`,
    );
  });
});

describe('readStSection', () => {
  const folder = temporaryFolder();
  const section = async (name: string, change: Record<string, string | undefined> = {}) => {
    const files = {
      'counts.tsv': COUNTS,
      'spots.csv': SPOTS,
      'he.jpg': 'image',
      'meta.json': '{"um_per_px": 0.5, "patient": "P"}',
    };
    for (const [file, content] of Object.entries({ ...files, ...change })) {
      if (content !== undefined) await folder.write(`${name}/${file}`, content);
    }
    return join(folder.path, name);
  };

  it('joins spots and counts in the order of the spots', async () => {
    const path = await section('S1');
    const { counts, ...rest } = await readStSection(path);
    expect(rest).toEqual({
      id: 'S1',
      patient: 'P',
      study: 'S1',
      imagePath: join(path, 'he.jpg'),
      mpp: 0.5,
      mppSource: 'meta.json um_per_px',
      spots: [
        { barcode: 'b', x: 20.5, y: 10, arrayRow: 1, arrayCol: 2 },
        { barcode: 'a', x: 10.25, y: 10, arrayRow: 1, arrayCol: 1 },
      ],
      dropped: { spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 0 },
    });
    expect(counts.barcodes).toEqual(['b', 'a']);
    expect([...toDense(counts).data]).toEqual([0, 3.5, 0, 1, 0, 2]);
  });

  it('counts spots without counts, and refuses or drops counts without a spot', async () => {
    const path = await section('S2', { 'spots.csv': `${SPOTS}c,3,1,30,10\n` });
    expect((await readStSection(path)).dropped?.spotsWithoutCounts).toBe(1);
    await section('S2', { 'counts.tsv': `${COUNTS}x\t1\t1\t1\n` });
    await expectRefusal(
      readStSection(path),
      DataError,
      `readStSection: needed a spot for every barcode of the counts, found 1 of 3 without one ("x") in ${path}; check that both files come from one section`,
    );
    const { counts, dropped } = await readStSection(path, { unplacedCounts: 'drop' });
    expect(counts.barcodes).toEqual(['b', 'a']);
    expect(dropped).toEqual({ spotsWithoutCounts: 0, countsWithoutSpot: 1, spotsOutsideTissue: 0 });
    const foreign = await section('S3', { 'counts.tsv': '\tG1\nx\t1\n' });
    await expectRefusal(
      readStSection(foreign, { unplacedCounts: 'drop' }),
      DataError,
      `readStSection: needed spots that have counts, found none: 2 spots and 1 rows of counts share no barcode in ${foreign}; check that both files come from one section`,
    );
  });

  it('takes the pixel size from the caller, the section, or the folder above', async () => {
    const path = await section('above/S4', { 'meta.json': undefined });
    await expectRefusal(
      readStSection(path),
      DataError,
      `readStSection: needed the pixel size in micrometres, found no meta.json entry for ${path}; add meta.json with um_per_px, or give mpp`,
    );
    await folder.write(
      'above/meta.json',
      '{"S4": {"um_per_px": 0.7, "patient": "Q"}, "S5": {"um_per_px": -1}}',
    );
    const above = await readStSection(path);
    expect([above.mpp, above.patient, above.mppSource]).toEqual([0.7, 'Q', 'meta.json um_per_px']);
    const given = await readStSection(path, { mpp: 0.25 });
    expect([given.mpp, given.mppSource]).toEqual([0.25, 'given by the caller']);
    const bad = await section('above/S5', { 'meta.json': undefined });
    await expectRefusal(
      readStSection(bad),
      DataError,
      `readSectionMeta: needed a positive um_per_px and, if given, a patient name, found "S5" in ${join(folder.path, 'above/meta.json')} with um_per_px: Too small: expected number to be >0`,
    );
  });

  it('refuses incomplete folders', async () => {
    const noCounts = await section('S6', { 'counts.tsv': undefined });
    await expectRefusal(
      readStSection(noCounts),
      DataError,
      `readStSection: needed one counts.tsv, counts.csv or .gz of them, found none in ${noCounts}`,
    );
    const two = await section('S7', { 'counts.csv': COUNTS });
    await expectRefusal(
      readStSection(two),
      DataError,
      `readStSection: needed one counts.tsv, counts.csv or .gz of them, found counts.csv and counts.tsv in ${two}`,
    );
    const none = join(folder.path, 'none');
    await expectRefusal(
      readStSection(none),
      UsageError,
      `readStSection: needed a section folder, found nothing at ${none}; check the path`,
    );
  });

  it.each([
    ['columns', 'barcode,x,y\na,1,1\n', 'the columns barcode, px and py, found no px, py in PATH'],
    [
      'numbers',
      'barcode,px,py\na,1,north\n',
      'numbers in px and py, found "1" and "north" at barcode "a" in PATH',
    ],
    ['twice', 'barcode,px,py\na,1,1\na,2,2\n', 'each barcode once, found "a" more than once in PATH'],
    ['fields', 'barcode,px,py\na,1\n', '3 fields in every line, as in the header, found 2 in line 2 of PATH'],
  ])('refuses a spot table with wrong %s', async (name, content, message) => {
    const path = await folder.write(`${name}.csv`, content);
    await expectRefusal(readStSpots(path), DataError, `readStSpots: needed ${message.replace('PATH', path)}`);
  });
});

const her2st = sharedData('her2st');
describe.skipIf(her2st === undefined)('real breast sections', () => {
  it('A1: positions, counts and pixel size', async () => {
    const section = await readStSection(join(her2st!, 'A1'), { study: 'her2st' });
    expect([section.patient, section.mpp, section.mppSource]).toEqual(['A', 3.169, 'meta.json um_per_px']);
    expect([section.spots.length, section.counts.genes.length]).toEqual([346, 15045]);
    expect(section.spots[0]).toEqual({ barcode: '22x12', x: 1231.69, y: 40.54, arrayRow: 12, arrayCol: 22 });
    expect(section.dropped).toEqual({ spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 0 });
    const row = section.counts.barcodes.indexOf('10x13');
    const genes = ['FO538757.1', 'SAMD11', 'NOC2L', 'KLHL17', 'HES4', 'SDF4'];
    expect([...toDense(section.counts, genes).data.subarray(row * 6, row * 6 + 6)]).toEqual([
      0, 6, 1, 0, 2, 10,
    ]);
    const { genes: chosen } = selectGenes([section], { method: 'mean', count: 3 });
    expect(chosen).toEqual(['ERBB2', 'MIEN1', 'MUCL1']);
    expect(spotTotals(section.counts).reduce((sum, total) => sum + total, 0)).toBe(1553744);
  });
});
