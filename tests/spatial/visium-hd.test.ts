import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import {
  readCohort,
  readTissuePositions,
  readVisiumHd,
  spotTotals,
  toDense,
} from '../../src/spatial/index.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

/** A grid of 6 x 5 bins of 16 um; the last one lies off the tissue. */
const ROWS = 6;
const COLUMNS = 5;
const bins = Array.from({ length: ROWS * COLUMNS }, (_, i) => {
  const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
  const name = `s_016um_${String(row).padStart(5, '0')}_${String(column).padStart(5, '0')}-1`;
  return {
    name,
    row,
    column,
    x: 100 + 40 * column,
    y: 200 + 40 * row,
    inTissue: i < ROWS * COLUMNS - 1 ? 1 : 0,
  };
});

describe('readVisiumHd', () => {
  const folder = temporaryFolder();

  async function write(name: string): Promise<string> {
    const outs = join(folder.path, name, 'outs');
    const square = join(outs, 'binned_outputs/square_016um');
    await mkdir(join(square, 'spatial'), { recursive: true });
    const mex = join(square, 'filtered_feature_bc_matrix');
    await mkdir(mex);
    const column = (column: string, data: unknown[], type: 'STRING' | 'INT32' | 'DOUBLE') => ({
      name: column,
      data,
      type,
    });
    const table = parquetWriteBuffer({
      columnData: [
        column(
          'barcode',
          bins.map((bin) => bin.name),
          'STRING',
        ),
        column(
          'in_tissue',
          bins.map((bin) => bin.inTissue),
          'INT32',
        ),
        column(
          'array_row',
          bins.map((bin) => bin.row),
          'INT32',
        ),
        column(
          'array_col',
          bins.map((bin) => bin.column),
          'INT32',
        ),
        column(
          'pxl_row_in_fullres',
          bins.map((bin) => bin.y),
          'DOUBLE',
        ),
        column(
          'pxl_col_in_fullres',
          bins.map((bin) => bin.x),
          'DOUBLE',
        ),
      ],
      rowGroupSize: 7,
    });
    await writeFile(join(square, 'spatial/tissue_positions.parquet'), Buffer.from(table));
    await writeFile(
      join(square, 'spatial/scalefactors_json.json'),
      '{"microns_per_pixel": 0.4, "spot_diameter_fullres": 40, "bin_size_um": 16.0}',
    );
    const inside = bins.filter(({ inTissue }) => inTissue === 1);
    await writeFile(join(mex, 'barcodes.tsv'), `${inside.map((bin) => bin.name).join('\n')}\n`);
    await writeFile(
      join(mex, 'features.tsv'),
      'E1\tA\tGene Expression\nE2\tB\tGene Expression\nE3\tA\tGene Expression\n',
    );
    // Bin i counts i of the first feature, 1 of the second, and 10 of the third in even bins.
    const entries = inside.flatMap((_, i) => [
      ...(i === 0 ? [] : [`1 ${i + 1} ${i}`]),
      `2 ${i + 1} 1`,
      ...(i % 2 === 0 ? [`3 ${i + 1} 10`] : []),
    ]);
    const head = `%%MatrixMarket matrix coordinate integer general\n3 ${inside.length} ${entries.length}\n`;
    await writeFile(join(mex, 'matrix.mtx'), `${head}${entries.join('\n')}\n`);
    await writeFile(join(dirname(outs), 'slide.btf'), 'image');
    return outs;
  }

  it('reads the bin table from Parquet', async () => {
    const outs = await write('table');
    const spots = await readTissuePositions(join(outs, 'binned_outputs/square_016um/spatial'));
    expect(spots).toEqual(
      bins.map(({ name, row, column, x, y, inTissue }) => {
        return { barcode: name, x, y, arrayRow: row, arrayCol: column, inTissue: inTissue === 1 };
      }),
    );
  });

  it('reads single bins', async () => {
    const section = await readVisiumHd(dirname(await write('bins')), { poolUm: 16 });
    expect(section.id).toBe('bins');
    expect(section.imagePath).toBe(join(folder.path, 'bins/slide.btf'));
    expect([section.mpp, section.mppSource]).toEqual([0.4, 'scalefactors_json.json microns_per_pixel']);
    expect(section.spots).toHaveLength(29);
    expect(section.spots[6]).toEqual({ barcode: bins[6]!.name, x: 140, y: 240, arrayRow: 1, arrayCol: 1 });
    expect(section.counts.genes).toEqual(['A', 'B', 'A-1']);
    expect(section.duplicateGenes).toEqual({ rule: 'make-unique', names: 1 });
    expect(section.dropped).toEqual({ spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 1 });
  });

  it('joins bins into larger spots and keeps every count', async () => {
    const outs = await write('pooled');
    const section = await readVisiumHd(outs, { poolUm: 48, duplicateGenes: 'sum' });
    expect(section.duplicateGenes).toEqual({ rule: 'sum', names: 1 });
    expect(section.spots).toEqual([
      { barcode: '0000x0000', x: 140, y: 240, arrayRow: 0, arrayCol: 0 },
      { barcode: '0000x0001', x: 240, y: 240, arrayRow: 0, arrayCol: 1 },
      { barcode: '0001x0000', x: 140, y: 360, arrayRow: 1, arrayCol: 0 },
      { barcode: '0001x0001', x: 240, y: 360, arrayRow: 1, arrayCol: 1 },
    ]);
    const expected = [0, 1, 2, 3].map((place) => {
      const inside = bins.filter(({ row, column, inTissue }) => {
        return inTissue === 1 && Math.floor(row / 3) * 2 + Math.floor(column / 3) === place;
      });
      const numbers = inside.map((bin) => bins.indexOf(bin));
      const first = numbers.reduce((sum, i) => sum + i + (i % 2 === 0 ? 10 : 0), 0);
      return [first, inside.length];
    });
    expect([...toDense(section.counts, ['A', 'B']).data]).toEqual(expected.flat());
    const single = await readVisiumHd(outs, { poolUm: 16 });
    const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
    expect(total(spotTotals(section.counts))).toBe(total(spotTotals(single.counts)));
  });

  it('pools to 128 um by default, is a section of a cohort, and follows a transform', async () => {
    const outs = await write('whole');
    const { sections } = await readCohort(dirname(outs));
    expect(sections[0]!.spots.map(({ barcode }) => barcode)).toEqual(['0000x0000']);
    const moved = await readVisiumHd(outs, { transform: { scale: 0.5, shiftXPx: 7 } });
    expect([moved.mpp, moved.spots[0]!.x]).toEqual([0.8, sections[0]!.spots[0]!.x / 2 + 7]);
  });

  it('refuses sizes that do not fit and incomplete folders', async () => {
    const outs = await write('refused');
    await expectRefusal(
      readVisiumHd(outs, { poolUm: 100 }),
      UsageError,
      'readVisiumHd: needed poolUm as a multiple of binUm = 16, found 100',
    );
    await expectRefusal(
      readVisiumHd(outs, { binUm: 8 }),
      DataError,
      `readVisiumHd: needed binned_outputs/square_008um, found "square_016um" in ${join(outs, 'binned_outputs')}`,
    );
    const spatial = join(outs, 'binned_outputs/square_016um/spatial');
    await rm(join(spatial, 'scalefactors_json.json'));
    await expectRefusal(
      readVisiumHd(outs),
      DataError,
      `readVisiumHd: needed scalefactors_json.json, found none in ${spatial}; copy it there, or give mpp`,
    );
    await cp(join(dirname(outs), 'slide.btf'), join(spatial, 'tissue_positions.parquet'));
    const path = join(spatial, 'tissue_positions.parquet');
    const error = await readVisiumHd(outs, { mpp: 0.4 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(
      `readTissuePositions: needed a readable Parquet file, found ${path} (`,
    );
  });
});
