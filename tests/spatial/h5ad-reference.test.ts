/** What this package writes, opened by Python's AnnData; runs where a Python with anndata is installed. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeH5ad } from '../../src/spatial/index.ts';
import { pythonJson, pythonWith } from '../support/python.ts';
import { content } from './h5ad-content.ts';
import { temporaryFolder } from './section-files.ts';

const SCRIPT = `
import sys, json, warnings
warnings.simplefilter('ignore')
import anndata, numpy as np, pandas as pd
a = anndata.read_h5ad(sys.argv[1])
def dense(m): return (m.toarray() if hasattr(m, 'toarray') else np.asarray(m)).tolist()
def column(c):
    if isinstance(c.dtype, pd.CategoricalDtype):
        return ['categorical', c.cat.codes.tolist(), c.cat.categories.tolist(), bool(c.cat.ordered)]
    return [str(c.dtype)] + [[None if pd.isna(v) else v.item() if hasattr(v, 'item') else v for v in c]]
print(json.dumps({
  'obs': a.obs_names.tolist(), 'var': a.var_names.tolist(),
  'order': a.obs.columns.tolist(), 'varOrder': a.var.columns.tolist(),
  'columns': {n: column(a.obs[n]) for n in a.obs.columns},
  'X': [type(a.X).__name__, str(a.X.dtype), dense(a.X)],
  'layer': [str(a.layers['predicted'].dtype), dense(a.layers['predicted'])],
  'spatial': a.obsm['spatial'].tolist(),
  'uns': [a.uns['model'], float(a.uns['alpha']), int(a.uns['genes']), str(np.asarray(a.uns['intercept']).dtype),
    bool(a.uns['intercept']), list(a.uns['folds']), a.uns['spatial']['ST']['images']['downscaled_fullres'].tolist(),
    float(a.uns['spatial']['ST']['scalefactors']['spot_diameter_fullres'])],
}))
`;

const python = pythonWith('anndata');

describe.skipIf(python === undefined)('AnnData of Python', () => {
  const folder = temporaryFolder();
  it.each([
    ['rows', false, 'csr_matrix'],
    ['columns', true, 'csc_matrix'],
  ])('opens a file by %s with equal values', async (name, byColumns, kind) => {
    const path = join(folder.path, `${name}.h5ad`);
    await writeH5ad(path, content, { byColumns });
    const seen = pythonJson<unknown>(python!, SCRIPT, path);
    expect(seen).toEqual({
      obs: content.obs.index,
      var: content.var.index,
      order: Object.keys(content.obs.columns),
      varOrder: [],
      columns: {
        region: ['categorical', [1, -1, 0], ['stroma', 'tumour'], false],
        grade: ['categorical', [0, 2, 1], [1, 2, 3], true],
        in_tissue: ['bool', [true, false, true]],
        array_row: ['int32', [0, 1, -2]],
        total: ['float64', [1.5, null, 3]],
        note: ['object', ['', 'a "quoted" word', 'ß']],
        cells: ['Int64', [4, null, 9]],
        checked: ['boolean', [false, null, true]],
      },
      X: [
        kind,
        'float32',
        [
          [1, 0, 0, 2],
          [0, 0, 0, 0],
          [3, 4, 0, 5],
        ],
      ],
      layer: [
        'float64',
        [
          [0.5, 0, -1, 2],
          [0, 0, 0, 0],
          [1e-3, 4, 0, 7],
        ],
      ],
      spatial: [
        [10.5, 20],
        [30, 40],
        [50, 60.25],
      ],
      uns: [
        'mv_hybrid',
        0.5,
        200,
        'bool',
        true,
        ['a', 'b'],
        [
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ],
        200.25,
      ],
    });
  });
});
