/** Encodings of earlier AnnData releases, written here by h5wasm directly. */
import { join } from 'node:path';
import { File, type Group, ready } from 'h5wasm/node';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { columnAsText, withH5ad } from '../../src/spatial/index.ts';
import { rowsOf } from './h5ad-content.ts';
import { expectRefusal, temporaryFolder } from './section-files.ts';

const folder = temporaryFolder();

async function write(name: string, fill: (file: File) => void): Promise<string> {
  await ready;
  const path = join(folder.path, name);
  const file = new File(path, 'w');
  fill(file);
  file.close();
  return path;
}

function text(at: Group, name: string, data: string[], dtype = 'S') {
  return at.create_dataset({ name, data, shape: [data.length], dtype });
}

function numbers(
  at: Group,
  name: string,
  data: Int8Array | Int32Array | Float32Array | Float64Array,
  shape?: number[],
) {
  return at.create_dataset({ name, data, shape: shape ?? [data.length] });
}

/** [[1 0 2] [0 0 3]] by rows, as h5sparse and AnnData 0.6 mark it. */
function h5sparse(at: Group, name: string, format: string) {
  const group = at.create_group(name);
  group.create_attribute('h5sparse_format', format, null, 'S');
  group.create_attribute('h5sparse_shape', BigInt64Array.of(2n, 3n), [2], '<q');
  numbers(group, 'data', Float32Array.of(1, 2, 3));
  numbers(group, 'indices', Int32Array.of(0, 2, 2));
  numbers(group, 'indptr', Int32Array.of(0, 2, 3));
}

describe('withH5ad on older files', () => {
  it('0.7: codes that refer to a list in __categories, no encoding of the file', async () => {
    const path = await write('v07.h5ad', (file) => {
      numbers(file, 'X', Float32Array.of(1, 2, 3, 4), [2, 2]);
      const obs = file.create_group('obs');
      obs.create_attribute('_index', 'cell', null, 'S');
      obs.create_attribute('column-order', ['stage', 'site'], [2], 'S');
      text(obs, 'cell', ['a', 'b']);
      const lists = obs.create_group('__categories');
      const stage = text(lists, 'stage', ['I', 'II']);
      stage.create_attribute('ordered', 1, [], '<b');
      const site = text(lists, 'site', ['colon']);
      const codes = numbers(obs, 'stage', Int8Array.of(1, -1));
      codes.create_attribute('categories', stage.create_reference());
      const siteCodes = numbers(obs, 'site', Int8Array.of(0, 0));
      siteCodes.create_attribute('categories', site.create_reference());
      const genes = file.create_group('var');
      text(genes, 'index', ['A', 'B']);
    });
    await withH5ad(path, async (file) => {
      expect(await file.obs.index()).toEqual(['a', 'b']);
      expect(await file.obs.columnNames()).toEqual(['stage', 'site']);
      expect(await file.obs.column('stage')).toEqual({
        kind: 'categorical',
        codes: Int32Array.of(1, -1),
        categories: { kind: 'strings', values: ['I', 'II'] },
        ordered: true,
      });
      expect(columnAsText(await file.obs.column('stage'))).toEqual(['II', '']);
      expect((await file.obs.column('site')).kind).toBe('categorical');
      expect(await file.var.index()).toEqual(['A', 'B']);
      expect(rowsOf(await file.matrix())).toEqual([
        [1, 2],
        [3, 4],
      ]);
    });
  });

  it('0.6: tables of records, categories in uns, h5sparse, raw.X, obsm as records', async () => {
    const path = await write('v06.h5ad', (file) => {
      h5sparse(file, 'X', 'csr');
      h5sparse(file, 'raw.X', 'csr');
      const obs = new Map<string, unknown>([
        ['index', ['sp1', 'sp22']],
        ['n_counts', Float32Array.of(3, 4.5)],
        ['cluster', Int8Array.of(1, 0)],
      ]);
      const dtype: [string, string][] = [
        ['index', 'A8'],
        ['n_counts', '<f'],
        ['cluster', '<b'],
      ];
      file.create_dataset({ name: 'obs', data: obs, shape: [2], dtype });
      const genes = (name: string) => {
        const data = new Map([['index', ['A', 'B', 'Gene three']]]);
        file.create_dataset({ name, data, shape: [3], dtype: [['index', 'A12']] });
      };
      genes('var');
      genes('raw.var');
      const uns = file.create_group('uns');
      text(uns, 'cluster_categories', ['left', 'right']);
    });
    await withH5ad(path, async (file) => {
      expect(await file.obs.index()).toEqual(['sp1', 'sp22']);
      expect(await file.obs.columnNames()).toEqual(['n_counts', 'cluster']);
      expect(await file.obs.column('n_counts')).toEqual({
        kind: 'numbers',
        type: 'float32',
        values: Float64Array.of(3, 4.5),
      });
      expect(columnAsText(await file.obs.column('cluster'))).toEqual(['right', 'left']);
      expect(await file.var.index()).toEqual(['A', 'B', 'Gene three']);
      expect(await (await file.rawVar())!.index()).toEqual(['A', 'B', 'Gene three']);
      const rows = [
        [1, 0, 2],
        [0, 0, 3],
      ];
      expect(rowsOf(await file.matrix())).toEqual(rows);
      expect(rowsOf(await file.matrix('raw'))).toEqual(rows);
      expect(await file.obsmNames()).toEqual([]);
    });
  });

  it('text of fixed length in UTF-8 or padded with spaces, numeric names, truth values of other columns', async () => {
    const path = await write('fixed.h5ad', (file) => {
      const obs = file.create_group('obs');
      numbers(obs, '_index', Int32Array.of(7, 12));
      text(obs, 'place', ['Köln', 'x'], 'A8');
      text(obs, 'padded', ['ab   ', 'c'], 'S5');
    });
    await withH5ad(path, async (file) => {
      expect(await file.obs.index()).toEqual(['7', '12']);
      expect(await file.obs.column('place')).toEqual({ kind: 'strings', values: ['Köln', 'x'] });
      expect(await file.obs.column('padded')).toEqual({ kind: 'strings', values: ['ab', 'c'] });
    });
  });

  it.each<[string, (file: File) => void, string]>([
    ['X', (file) => numbers(file, 'X', Int8Array.of(1)), 'two axes in "X", found 1'],
    [
      'format',
      (file) => h5sparse(file, 'X', 'coo'),
      'a csr or csc matrix with its shape at "X", found encoding coo, shape 2,3',
    ],
    [
      'pointers',
      (file) => {
        h5sparse(file, 'X', 'csc');
      },
      'pointers that rise from 0 to 3 over 3 lines in "X/indptr", found 3 pointers ending at 3',
    ],
  ])('refuses a wrong %s', async (name, fill, message) => {
    const path = await write(`bad-${name}.h5ad`, fill);
    await expectRefusal(
      withH5ad(path, (file) => file.matrix()),
      DataError,
      `readH5ad: needed ${message} in ${path}`,
    );
  });

  it('refuses codes without category, missing names and a table that is none', async () => {
    const path = await write('bad-obs.h5ad', (file) => {
      const obs = file.create_group('obs');
      const column = obs.create_group('c');
      numbers(column, 'codes', Int8Array.of(0, 3));
      text(column, 'categories', ['x']);
      text(obs, 'index', ['a', 'b']);
      file.create_group('var').create_group('nothing');
    });
    await withH5ad(path, async (file) => {
      await expectRefusal(
        file.obs.column('c'),
        DataError,
        `readH5ad: needed codes from -1 to 0 in "obs/c", found others in ${path}`,
      );
      await expectRefusal(
        file.var.index(),
        DataError,
        `readH5ad: needed the names of the rows of "var" (a column "_index"), found only "nothing" in ${path}`,
      );
    });
    const none = await write('no-obs.h5ad', () => undefined);
    await expectRefusal(
      withH5ad(none, (file) => file.obs.index()),
      DataError,
      `readH5ad: needed the table "obs" of an AnnData file, found none in ${none}`,
    );
  });
});
