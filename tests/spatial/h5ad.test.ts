import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { withHdf5 } from '../../src/spatial/hdf5/hdf5-file.ts';
import { type H5adContent, withH5ad, writeH5ad } from '../../src/spatial/index.ts';
import { goldenPath, readEvalGolden } from '../support/paths.ts';
import { content, rowsOf, sparse } from './h5ad-content.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('writeH5ad and withH5ad', () => {
  const folder = temporaryFolder();
  const write = async (name: string, change: Partial<H5adContent> = {}, byColumns = false) => {
    const path = join(folder.path, name);
    await writeH5ad(path, { ...content, ...change }, { byColumns });
    return path;
  };

  it('gives back every column, matrix, table and value', async () => {
    const path = await write('whole.h5ad');
    await withH5ad(path, async (file) => {
      expect(await file.obs.table()).toEqual(content.obs);
      expect(await file.var.table()).toEqual(content.var);
      expect(await file.matrix()).toEqual(content.X);
      expect(await file.layerNames()).toEqual(['predicted']);
      expect(await file.matrix('layers/predicted')).toEqual(content.layers!.predicted);
      expect(await file.obsmNames()).toEqual(['spatial']);
      expect(await file.obsm('spatial')).toEqual(content.obsm!.spatial);
      expect(await file.uns('')).toEqual(content.uns);
      expect(await file.uns('spatial/ST/scalefactors/spot_diameter_fullres')).toBe(200.25);
      expect(await file.unsShape('spatial/ST/images/downscaled_fullres')).toEqual([1, 2, 3]);
      expect(await file.shape()).toEqual({ spots: 3, genes: 4 });
    });
  });

  it('carries the encoding attributes of AnnData', async () => {
    const path = await write('attributes.h5ad', {}, true);
    const seen = await withHdf5(path, 'test', async (file) => {
      const of = async (at: string) => {
        const { attributes, type } = (await file.item(at))!;
        return [attributes['encoding-type'], attributes['encoding-version'], type];
      };
      const paths = ['', 'X', 'layers/predicted', 'obs', 'obs/_index', 'obs/region', 'obs/region/codes'];
      const more = [
        'obs/in_tissue',
        'obs/cells',
        'obs/cells/mask',
        'obs/checked',
        'uns',
        'uns/model',
        'uns/alpha',
      ];
      const list = await Promise.all(
        [...paths, ...more, 'uns/intercept', 'uns/folds', 'obsm/spatial'].map(of),
      );
      const { attributes } = (await file.item('obs'))!;
      const ordered = await Promise.all(
        ['region', 'grade'].map(async (name) => (await file.item(`obs/${name}`))!.attributes.ordered),
      );
      return { list, order: attributes['column-order'], index: attributes._index, ordered };
    });
    expect(seen).toEqual({
      list: [
        ['anndata', '0.1.0', 'other'],
        ['csc_matrix', '0.1.0', 'other'],
        ['array', '0.2.0', 'float64'],
        ['dataframe', '0.2.0', 'other'],
        ['string-array', '0.2.0', 'string'],
        ['categorical', '0.2.0', 'other'],
        ['array', '0.2.0', 'int8'],
        ['array', '0.2.0', 'bool'],
        ['nullable-integer', '0.1.0', 'other'],
        ['array', '0.2.0', 'bool'],
        ['nullable-boolean', '0.1.0', 'other'],
        ['dict', '0.1.0', 'other'],
        ['string', '0.2.0', 'string'],
        ['numeric-scalar', '0.2.0', 'float64'],
        ['numeric-scalar', '0.2.0', 'bool'],
        ['string-array', '0.2.0', 'string'],
        ['array', '0.2.0', 'float64'],
      ],
      order: Object.keys(content.obs.columns),
      index: '_index',
      ordered: [false, true],
    });
  });

  it('writes the same bytes at another time, and nothing beside them', async () => {
    const first = await write('same/a.h5ad');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await write('same/b.h5ad');
    expect(digest(second)).toBe(digest(first));
    expect(await readdir(join(folder.path, 'same'))).toEqual(['a.h5ad', 'b.h5ad']);
  });

  it('reads the rows asked for, of any storage', async () => {
    const dense = {
      kind: 'dense',
      rows: 3,
      cols: 4,
      data: Float32Array.of(1, 0, 0, 2, 0, 0, 0, 0, 3, 4, 0, 5),
    };
    const paths = [
      await write('csr.h5ad'),
      await write('csc.h5ad', {}, true),
      await write('dense.h5ad', { X: dense as H5adContent['X'] }),
    ];
    const rows = { from: 2, to: 3 };
    const part = { ...sparse, rows: 1, indptr: Int32Array.of(0, 3), indices: Int32Array.of(0, 1, 3) };
    const expected = { ...part, data: Float32Array.of(3, 4, 5) };
    expect(await withH5ad(paths[0]!, (file) => file.matrix('X', rows))).toEqual(expected);
    expect(await withH5ad(paths[1]!, (file) => file.matrix('X', rows))).toEqual(expected);
    expect(await withH5ad(paths[1]!, (file) => file.matrix('X'))).toEqual(sparse);
    expect(await withH5ad(paths[2]!, (file) => file.matrix('X', rows))).toEqual({
      kind: 'dense',
      rows: 1,
      cols: 4,
      data: Float32Array.of(3, 4, 0, 5),
    });
    await expectRefusal(
      withH5ad(paths[0]!, (file) => file.matrix('X', { from: 2, to: 4 })),
      DataError,
      `readH5ad: needed rows from 0 to 3 of "X", found 2 to 4 asked for in ${paths[0]}`,
    );
  });

  it('holds objects without spots, genes or columns', async () => {
    const empty: H5adContent = {
      obs: { index: [], columns: { a: { kind: 'booleans', values: new Uint8Array(0) } } },
      var: { index: ['g'], columns: {} },
      X: { kind: 'dense', rows: 0, cols: 1, data: new Float32Array(0) },
    };
    const path = join(folder.path, 'empty.h5ad');
    await writeH5ad(path, empty);
    await withH5ad(path, async (file) => {
      expect(await file.obs.table()).toEqual(empty.obs);
      expect(await file.matrix()).toEqual(empty.X);
      expect(await file.uns('')).toEqual({});
    });
  });

  const number = (values: number[], type: 'int8' | 'int64' = 'int8') => {
    return { kind: 'numbers', type, values: Float64Array.from(values) } as const;
  };
  const columns = (a: H5adContent['obs']['columns'][string]) => ({ obs: { ...content.obs, columns: { a } } });
  it.each<[string, Partial<H5adContent>, string]>([
    ['size', { X: { ...sparse, rows: 2 } }, 'X of 3 x 4, as obs and var have names, found 2 x 4'],
    ['length', columns(number([1])), '3 values in column "a", found 1'],
    ['range', columns(number([1, 2, 300])), 'whole numbers for int8, found 300'],
    ['fraction', columns(number([1, 2, 0.5], 'int64')), 'whole numbers for int64, found 0.5'],
    [
      'code',
      columns({
        kind: 'categorical',
        codes: Int32Array.of(0, 1, 2),
        categories: { kind: 'strings', values: ['x', 'y'] },
        ordered: false,
      }),
      'codes from -1 to 1 in column "a", found 2',
    ],
    [
      'twice',
      { obs: { index: ['a', 'b', 'a'], columns: {} } },
      'each name of obs once, found "a" more than once',
    ],
    [
      'zero',
      columns({ kind: 'strings', values: ['a\0b', '', ''] }),
      'text without zero characters, found "a\\u0000b"',
    ],
    ['slash', { uns: { 'a/b': 1 } }, 'keys of uns without "/", found "a/b"'],
  ])('refuses a wrong %s and leaves no file', async (name, change, message) => {
    const path = join(folder.path, `refused-${name}.h5ad`);
    await expectRefusal(
      writeH5ad(path, { ...content, ...change }),
      UsageError,
      `writeH5ad: needed ${message}`,
    );
    expect((await readdir(folder.path)).filter((file) => file.startsWith('refused'))).toEqual([]);
  });

  it('says when the file, a column, a layer or a table is not there', async () => {
    const path = await write('asked.h5ad');
    const none = join(folder.path, 'none.h5ad');
    await expectRefusal(
      withH5ad(none, (file) => file.obs.index()),
      UsageError,
      `readH5ad: needed an .h5ad file, found nothing at ${none}; check the path`,
    );
    const ask = (what: Parameters<typeof withH5ad>[1], message: string) =>
      expectRefusal(withH5ad(path, what), DataError, `readH5ad: needed ${message} in ${path}`);
    await ask((file) => file.var.column('x'), 'a column "x" in "var", found none');
    await ask((file) => file.matrix('layers/x'), 'a matrix "layers/x", found none');
    await ask((file) => file.matrix('raw'), 'a matrix "raw/X", found none');
    await ask((file) => file.obsm('X_pca'), 'a table "obsm/X_pca" of two axes, found none');
    await ask((file) => file.uns('x'), 'a value at "uns/x", found none');
  });
});

describe('AnnData files of Python', () => {
  interface Expected {
    readonly genes: string[];
    readonly samples: Record<string, { X: number[][]; barcodes: string[]; spatial: number[][] }>;
  }
  const expected = readEvalGolden<Expected>('hest_mini_expected');
  it.each(Object.keys(expected.samples))('%s: counts, names and places', async (id) => {
    const sample = expected.samples[id]!;
    await withH5ad(goldenPath(`eval/hest_mini/st/${id}.h5ad`), async (file) => {
      expect(await file.obs.index()).toEqual(sample.barcodes);
      expect(await file.var.index()).toEqual(expected.genes);
      expect(rowsOf(await file.matrix())).toEqual(sample.X);
      expect([...(await file.obsm('spatial')).data]).toEqual(sample.spatial.flat());
      expect(await file.unsNames('spatial/ST/scalefactors')).toEqual([
        'spot_diameter_fullres',
        'tissue_downscaled_fullres_scalef',
      ]);
      expect((await file.var.column('mito')).kind).toBe('booleans');
    });
  });
});
