import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matrix } from '../../src/core/matrix.ts';
import { DataError, UsageError } from '../../src/errors.ts';
import {
  type H5adContent,
  type H5adSectionOptions,
  readH5adSection,
  toDense,
  writeH5ad,
} from '../../src/spatial/index.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

const numbers = (...values: number[]) =>
  ({ kind: 'numbers', type: 'float64', values: Float64Array.from(values) }) as const;
const strings = (...values: string[]) => ({ kind: 'strings', values }) as const;

/** Spots a, b, c; b lies off the tissue; gene names repeat in a column; one feature is an antibody. */
const content: H5adContent = {
  obs: {
    index: ['a', 'b', 'c'],
    columns: {
      in_tissue: { kind: 'booleans', values: Uint8Array.of(1, 0, 1) },
      array_row: numbers(0, 0, 1),
      array_col: numbers(0, 2, 1),
    },
  },
  var: {
    index: ['E1', 'E2', 'E3', 'P1'],
    columns: {
      symbol: strings('A', 'B', 'A', 'CD3'),
      feature_types: strings('Gene Expression', 'Gene Expression', 'Gene Expression', 'Antibody Capture'),
    },
  },
  X: { kind: 'dense', rows: 3, cols: 4, data: Float32Array.of(1, 2, 3, 9, 0, 1, 0, 9, 4, 0, 5, 9) },
  layers: {
    scaled: { kind: 'dense', rows: 3, cols: 4, data: Float32Array.of(-1, 2, 3, 9, 0, 1, 0, 9, 4, 0, 5, 9) },
  },
  obsm: { spatial: matrix(3, 2, Float64Array.of(10, 20, 210, 20, 110, 193)) },
  uns: {
    spatial: {
      lib: { images: {}, scalefactors: { fiducial_diameter_fullres: 300, spot_diameter_fullres: 130 } },
    },
  },
};

describe('readH5adSection', () => {
  const folder = temporaryFolder();
  const read = async (name: string, change: Partial<H5adContent>, options: H5adSectionOptions = {}) => {
    const path = join(folder.path, `${name}.h5ad`);
    await writeH5ad(path, { ...content, ...change });
    const imagePath = await folder.write(`${name}.ome.tif`, 'image');
    return { section: readH5adSection(path, options), path, imagePath };
  };

  it('keeps spots on tissue and gene expression; the image beside the file and the array give the scale', async () => {
    const { section, imagePath } = await read('plain', {});
    const { counts, ...rest } = await section;
    expect(rest).toEqual({
      id: 'plain',
      patient: 'plain',
      study: 'plain',
      imagePath,
      mpp: 0.5,
      mppSource: 'spot spacing of 100 um',
      spots: [
        { barcode: 'a', x: 10, y: 20, arrayRow: 0, arrayCol: 0 },
        { barcode: 'c', x: 110, y: 193, arrayRow: 1, arrayCol: 1 },
      ],
      dropped: { spotsWithoutCounts: 0, countsWithoutSpot: 0, spotsOutsideTissue: 1 },
    });
    expect(counts.genes).toEqual(['E1', 'E2', 'E3']);
    expect([...toDense(counts).data]).toEqual([1, 2, 3, 4, 0, 5]);
  });

  it('takes names from a column, sums repeated ones, and moves spots', async () => {
    const transform = { scale: 2, shiftYPx: 1 };
    const options = { geneColumn: 'symbol', duplicateGenes: 'sum', transform } as const;
    const section = await (await read('options', {}, options)).section;
    expect(section.counts.genes).toEqual(['A', 'B']);
    expect([...toDense(section.counts).data]).toEqual([4, 2, 9, 0]);
    expect([section.duplicateGenes, section.transform]).toEqual([{ rule: 'sum', names: 1 }, transform]);
    expect(section.spots[0]).toMatchObject({ x: 20, y: 41 });
    expect(section.mpp).toBe(0.25);
  });

  it('falls back to scale factors and to the pixel columns of obs', async () => {
    const columns = { pxl_col_in_fullres: numbers(1, 2, 3), pxl_row_in_fullres: numbers(4, 5, 6) };
    const obs = { index: content.obs.index, columns };
    const section = await (await read('columns', { obs, obsm: {} })).section;
    expect(section.spots.map(({ x, y }) => [x, y])).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect([section.mpp, section.mppSource]).toEqual([0.5, 'uns scalefactors spot_diameter_fullres = 65 um']);
    const hd = { spatial: { lib: { scalefactors: { microns_per_pixel: 0.27 } } } };
    expect((await (await read('hd', { uns: hd })).section).mppSource).toBe(
      'uns scalefactors microns_per_pixel',
    );
  });

  it.each<[string, Partial<H5adContent>, H5adSectionOptions, string]>([
    [
      'no-places',
      { obsm: {} },
      {},
      'readH5adSection: needed the places of 3 spots in obsm/spatial (or pxl_col_in_fullres and pxl_row_in_fullres in obs), found none in PATH; only spatial data can be paired with a slide',
    ],
    [
      'nan-places',
      { obsm: { spatial: matrix(3, 2, Float64Array.of(1, 2, 3, 4, Number.NaN, 6)) } },
      {},
      'readH5adSection: needed the places of 3 spots in obsm/spatial (or pxl_col_in_fullres and pxl_row_in_fullres in obs), found 3 x 2 numbers, or some that are not finite in PATH; only spatial data can be paired with a slide',
    ],
    [
      'scaled',
      {},
      { matrix: 'layers/scaled' },
      'createCountMatrix: needed finite counts of 0 or more, found -1 at barcode "a", gene "E1" in PATH; give raw counts, not scaled values',
    ],
    [
      'no-mpp',
      { uns: {} },
      {},
      'readH5adSection: needed the pixel size in micrometres, found none that PATH or a metadata file beside it states; give mpp',
    ],
    [
      'antibodies',
      { var: { index: content.var.index, columns: { feature_types: strings('x', 'x', 'x', 'x') } } },
      {},
      'readH5adSection: needed features of type "Gene Expression", found none among 4 in PATH',
    ],
    [
      'no-column',
      {},
      { geneColumn: 'gene' },
      'readH5adSection: needed a column "gene" in "var", found "symbol", "feature_types" in PATH',
    ],
  ])('refuses %s', async (name, change, options, message) => {
    const { section, path } = await read(name, change, options);
    await expectRefusal(section, DataError, message.replace('PATH', path));
  });

  it('refuses a file, an image or patches that are not there', async () => {
    const none = join(folder.path, 'none.h5ad');
    await expectRefusal(
      readH5adSection(none),
      UsageError,
      `readH5adSection: needed an .h5ad file, found nothing at ${none}; check the path`,
    );
    const { section } = await read('no-patches', {}, { patchesPath: none });
    await expectRefusal(
      section,
      UsageError,
      `readH5adSection: needed the file of patches given, found nothing at ${none}`,
    );
  });
});
