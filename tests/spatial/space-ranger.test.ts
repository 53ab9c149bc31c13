import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { selectBarcodes, spotTotals, toDense } from '../../src/spatial/count-matrix.ts';
import { readMex } from '../../src/spatial/mex.ts';
import { readSpaceRanger } from '../../src/spatial/space-ranger.ts';
import { readTenxH5 } from '../../src/spatial/tenx-h5.ts';
import { readTissuePositions } from '../../src/spatial/tissue-positions.ts';
import { mppFromScaleFactors, mppFromSpacing } from '../../src/spatial/visium-pixel-size.ts';
import { goldenPath, readEvalGolden, sharedData } from '../support/paths.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

interface Golden {
  readonly barcodes: string[];
  readonly genes: string[];
  readonly X_spots_by_genes: number[][];
  readonly spatial_xy: [number, number][];
  readonly pixel_size_from_row_spacing: { um_per_px: number };
}

const golden = readEvalGolden<Golden>('spaceranger_mini_expected');
const mini = goldenPath('eval/spaceranger_mini');
const miniMex = join(mini, 'filtered_feature_bc_matrix');

describe('readSpaceRanger', () => {
  const folder = temporaryFolder();
  const copyMini = async (name: string) => {
    const outs = join(folder.path, name, 'outs');
    await cp(mini, outs, { recursive: true });
    await writeFile(join(outs, '..', 'slide.tif'), 'image');
    return outs;
  };

  it.each([
    ['2.x', 'tissue_positions_list.csv'],
    ['1.x', 'tissue_positions.csv'],
  ])('reads a %s folder', async (version, absent) => {
    const outs = await copyMini(`P${version}`);
    await rm(join(outs, 'spatial', absent));
    const section = await readSpaceRanger(join(outs, '..'), { patient: 'donor', study: 'lab' });
    const { id, patient, study, imagePath, mpp, spots, counts, dropped } = section;
    expect({ id, patient, study }).toEqual({ id: `P${version}`, patient: 'donor', study: 'lab' });
    expect(imagePath).toBe(join(folder.path, `P${version}`, 'slide.tif'));
    expect(mpp).toBe(golden.pixel_size_from_row_spacing.um_per_px);
    expect(section.mppSource).toBe(
      'spot spacing of 100 um (scalefactors_json.json with 65 um spots: 0.5909)',
    );
    expect(spots.map(({ x, y }) => [x, y])).toEqual(golden.spatial_xy);
    expect(spots[5]).toEqual({ barcode: golden.barcodes[5], x: 300, y: 473, arrayRow: 1, arrayCol: 1 });
    expect([...toDense(counts).data]).toEqual(golden.X_spots_by_genes.flat());
    expect(dropped).toEqual({ spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 1 });
  });

  it('reads the MEX folder and a prefixed h5, and takes what the caller gives', async () => {
    const outs = await copyMini('mex');
    const h5 = join(outs, 'filtered_feature_bc_matrix.h5');
    await rename(h5, join(outs, 'V1_filtered_feature_bc_matrix.h5'));
    const prefixed = await readSpaceRanger(outs, { id: 'S', mpp: 0.25, mppSource: 'cohort.csv mpp' });
    expect([prefixed.id, prefixed.patient, prefixed.mpp, prefixed.mppSource]).toEqual([
      'S',
      'S',
      0.25,
      'cohort.csv mpp',
    ]);
    await rm(join(outs, 'V1_filtered_feature_bc_matrix.h5'));
    expect((await readSpaceRanger(outs)).counts).toEqual(prefixed.counts);
    await rm(miniMex.replace(mini, outs), { recursive: true });
    await expectRefusal(
      readSpaceRanger(outs),
      DataError,
      `readSpaceRanger: needed filtered_feature_bc_matrix.h5 or the folder filtered_feature_bc_matrix, found neither in ${outs}; copy it there, or read the raw matrix`,
    );
  });

  it('keeps the order of the spot table and counts spots without counts', async () => {
    const outs = await copyMini('partial');
    await rm(join(outs, 'filtered_feature_bc_matrix.h5'));
    const mex = join(outs, 'filtered_feature_bc_matrix');
    await rm(join(mex, 'matrix.mtx.gz'));
    await rm(join(mex, 'barcodes.tsv.gz'));
    await writeFile(join(mex, 'barcodes.tsv'), `${golden.barcodes[2]}\n${golden.barcodes[0]}\n`);
    await writeFile(
      join(mex, 'matrix.mtx'),
      '%%MatrixMarket matrix coordinate integer general\n8 2 2\n3 1 5\n1 2 4\n',
    );
    const { spots, counts, dropped } = await readSpaceRanger(outs);
    expect(spots.map(({ barcode }) => barcode)).toEqual([golden.barcodes[0], golden.barcodes[2]]);
    expect([...toDense(counts, ['GENE0', 'GENE2']).data]).toEqual([4, 0, 0, 5]);
    expect(dropped).toEqual({ spotsWithoutCounts: 13, countsWithoutSpot: 0, spotsOutsideTissue: 1 });
    await writeFile(join(mex, 'barcodes.tsv'), 'stranger\nother\n');
    await expectRefusal(
      readSpaceRanger(outs),
      DataError,
      `readSpaceRanger: needed a spot for every barcode of the counts, found 2 of 2 without one ("stranger", "other") in ${outs}; check that both files come from one section`,
    );
  });

  it('asks for the full-resolution image and never takes a scaled one', async () => {
    const outs = await copyMini('image');
    await rm(join(outs, '..', 'slide.tif'));
    await writeFile(join(outs, 'spatial', 'tissue_hires_image.png'), 'image');
    await expectRefusal(
      readSpaceRanger(outs),
      DataError,
      `readSpaceRanger: needed the full-resolution image that the spots refer to, found none in ${outs} or ${join(outs, '..')} or ${join(outs, 'spatial')}; copy it there or name it`,
    );
    await writeFile(join(outs, 'a.tif'), 'image');
    await writeFile(join(outs, 'b.tif'), 'image');
    await expectRefusal(
      readSpaceRanger(outs),
      DataError,
      `readSpaceRanger: needed one full-resolution image, found 2 ("a.tif", "b.tif") in ${outs}; name the one that the spots refer to`,
    );
    const given = join(outs, 'b.tif');
    expect((await readSpaceRanger(outs, { imagePath: given })).imagePath).toBe(given);
    await expectRefusal(
      readSpaceRanger(outs, { imagePath: join(outs, 'c.tif') }),
      UsageError,
      `readSpaceRanger: needed the image given, found nothing at ${join(outs, 'c.tif')}; check the path`,
    );
  });

  it('refuses wrong calls', async () => {
    const none = join(folder.path, 'none');
    await expectRefusal(
      readSpaceRanger(none),
      UsageError,
      `readSpaceRanger: needed a Space Ranger folder, found nothing at ${none}; check the path`,
    );
    await expectRefusal(
      readSpaceRanger(miniMex),
      DataError,
      `readSpaceRanger: needed a folder "spatial" (or "outs/spatial"), found none in ${miniMex}; give the outs folder of Space Ranger`,
    );
    await expectRefusal(
      readSpaceRanger(mini, { mpp: -1 }),
      UsageError,
      'readSpaceRanger: needed mpp above 0, found -1; give micrometres per pixel',
    );
  });
});

describe('spot tables and pixel size', () => {
  const folder = temporaryFolder();
  const header = 'barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres';
  const spatial = async (name: string, files: Record<string, string>) => {
    await mkdir(join(folder.path, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) await folder.write(`${name}/${file}`, text);
    return join(folder.path, name);
  };

  it.each([
    [
      'header',
      { 'tissue_positions.csv': 'a,1,0,0,1,1\n' },
      `the header ${header}, found "a,1,0,0,1,1" in PATH/tissue_positions.csv`,
    ],
    [
      'fields',
      { 'tissue_positions_list.csv': 'a,1,0,0,1\n' },
      `lines of ${header} with in_tissue 0 or 1, found "a,1,0,0,1" in PATH/tissue_positions_list.csv`,
    ],
    [
      'tissue',
      { 'tissue_positions_list.csv': 'a,2,0,0,1,1\n' },
      `lines of ${header} with in_tissue 0 or 1, found "a,2,0,0,1,1" in PATH/tissue_positions_list.csv`,
    ],
    [
      'twice',
      { 'tissue_positions_list.csv': 'a,1,0,0,1,1\na,1,0,0,1,1\n' },
      'each barcode once, found "a" more than once in PATH/tissue_positions_list.csv',
    ],
    [
      'none',
      {},
      'tissue_positions.parquet, tissue_positions.csv or tissue_positions_list.csv, found none in PATH; give the complete spatial folder',
    ],
  ] as [string, Record<string, string>, string][])('refuses %s', async (name, files, message) => {
    const path = await spatial(name, files);
    await expectRefusal(
      readTissuePositions(path),
      DataError,
      `readTissuePositions: needed ${message.replace('PATH', path)}`,
    );
  });

  it('measures spacing along a rotated array and needs two spots on a row', () => {
    const spot = (arrayRow: number, arrayCol: number, x: number, y: number) => {
      return { barcode: `${arrayRow}-${arrayCol}`, inTissue: true, arrayRow, arrayCol, x, y };
    };
    expect(mppFromSpacing([spot(0, 4, 300, 400), spot(0, 0, 0, 0), spot(0, 2, 150, 200)])).toBe(0.4);
    expect(mppFromSpacing([spot(0, 0, 0, 0), spot(1, 1, 10, 10)])).toBeUndefined();
  });

  it('reads 65 um spots from the scale factors and refuses damaged ones', async () => {
    const good = await spatial('good', { 'scalefactors_json.json': '{"spot_diameter_fullres": 130}' });
    expect(await mppFromScaleFactors(good)).toBe(0.5);
    const bad = await spatial('bad', { 'scalefactors_json.json': '{"spot_diameter_fullres": ' });
    await expectRefusal(
      mppFromScaleFactors(bad),
      DataError,
      `visiumPixelSize: needed a positive spot_diameter_fullres, found text that is no JSON in ${bad}/scalefactors_json.json`,
    );
  });
});

const formats = sharedData('formats');
describe.skipIf(formats === undefined)('real Space Ranger output', () => {
  it('1.0.0: in-tissue spots, counts as in the h5, and both pixel sizes agree', async () => {
    const outs = join(formats!, 'spaceranger_1_and_2/1.0.0');
    const imagePath = join(outs, 'spatial/tissue_hires_image.png');
    const section = await readSpaceRanger(outs, { imagePath });
    const positions = await readTissuePositions(join(outs, 'spatial'));
    expect(positions).toHaveLength(4992);
    expect(section.spots).toHaveLength(100);
    expect(section.mpp).toBeCloseTo(0.72685, 5);
    expect(section.mppSource).toBe('spot spacing of 100 um');
    expect(await mppFromScaleFactors(join(outs, 'spatial'))).toBeCloseTo(0.72685, 4);
    const direct = await readTenxH5(join(outs, 'filtered_feature_bc_matrix.h5'));
    expect(direct.data).toHaveLength(656);
    expect(section.counts).toEqual(selectBarcodes(direct, section.counts.barcodes));
    expect(direct.barcodes[0]).toBe('AAACAAGTATCTCCCA-1');
    expect([...direct.indices.subarray(0, 3)]).toEqual([39, 40, 49]);
  });

  it('2.1.0: 64-bit probe counts', async () => {
    const counts = await readTenxH5(join(formats!, 'spaceranger_1_and_2/2.1.0/raw_probe_bc_matrix.h5'));
    expect([counts.barcodes.length, counts.genes.length, counts.data.length]).toEqual([4987, 1000, 858]);
    expect(counts.genes[0]).toBe('Itgb2l|2ef1e7b');
    expect(spotTotals(counts).every((total) => total >= 0)).toBe(true);
  });

  it.each([
    ['section1', 0],
    ['section2', 1],
  ])('raw MEX of %s', async (name, strangers) => {
    const folder = join(formats!, 'visium_mini_sections', name);
    const imagePath = join(folder, 'outs/spatial/tissue_lowres_image.png');
    const options = { matrix: 'raw', imagePath } as const;
    const section = await readSpaceRanger(folder, { ...options, unplacedCounts: 'drop' });
    expect(section.id).toBe(name);
    expect(section.mpp).toBeCloseTo(0.72673, 4);
    const { spotsWithoutCounts, countsWithoutSpot, spotsOutsideTissue } = section.dropped!;
    expect([spotsWithoutCounts, countsWithoutSpot]).toEqual([0, strangers]);
    expect(section.spots.length + countsWithoutSpot + spotsOutsideTissue).toBe(50);
    const direct = await readMex(join(folder, 'outs/raw_feature_bc_matrix'));
    expect(section.counts).toEqual(selectBarcodes(direct, section.counts.barcodes));
    if (strangers === 0) return;
    await expectRefusal(
      readSpaceRanger(folder, options),
      DataError,
      `readSpaceRanger: needed a spot for every barcode of the counts, found 1 of 50 without one ("AAACAACGAATAGTTC-1") in ${join(folder, 'outs')}; check that both files come from one section`,
    );
  });
});
