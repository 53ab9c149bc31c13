/**
 * A file of expression in the library that defines the format; `h5ad-reference.test.ts` has the encodings. Skipped where no Python with anndata is on the path
 * (Debian: `apt-get install python3-anndata`).
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matrix } from '../../src/core/matrix.ts';
import { Rng } from '../../src/core/rng.ts';
import { writeExpressionH5ad } from '../../src/spatial/index.ts';
import { pythonJson, pythonWith } from '../support/python.ts';
import { temporaryFolder } from './section-files.ts';

const python = pythonWith('anndata');
const folder = temporaryFolder();

const DUMP = `
import json, sys
import anndata
a = anndata.read_h5ad(sys.argv[1])
def plain(v):
    if hasattr(v, 'items'): return {k: plain(x) for k, x in v.items()}
    return v.tolist() if hasattr(v, 'tolist') else v
print(json.dumps({
    'x': a.X.tolist(), 'dtype': str(a.X.dtype), 'obs': list(a.obs_names), 'var': list(a.var_names),
    'tissue': [str(a.obs['in_tissue'].dtype)] + a.obs['in_tissue'].tolist(), 'pcc': a.var['pcc'].tolist(),
    'measured': a.layers['measured'].tolist(), 'spatial': a.obsm['spatial'].tolist(), 'uns': plain(a.uns),
}))`;

interface Dump {
  readonly x: number[][];
  readonly dtype: string;
  readonly obs: string[];
  readonly var: string[];
  readonly tissue: unknown[];
  readonly pcc: number[];
  readonly measured: number[][];
  readonly spatial: number[][];
  readonly uns: unknown;
}

const title = `anndata reads${python === undefined ? ' (skipped: no Python with anndata on the path)' : ''}`;
describe.skipIf(python === undefined)(title, () => {
  it('an expression file: values to the last bit, places, columns, layers, notes', async () => {
    const rng = new Rng('expression file');
    const [spots, genes] = [37, 11];
    const values = Float32Array.from({ length: spots * genes }, () => rng.normal());
    const measured = Float64Array.from(values, (v) => v / 3);
    const barcodes = Array.from({ length: spots }, (_, i) => `spot ${i} é`);
    const names = Array.from({ length: genes }, (_, g) => `GENE${g}`);
    const path = join(folder.path, 'expression.h5ad');
    await writeExpressionH5ad(path, {
      barcodes,
      genes: names,
      values: matrix(spots, genes, values),
      spatial: barcodes.map((_, i) => ({ x: 2 * i + 0.5, y: 3 * i })),
      layers: { measured: matrix(spots, genes, measured) },
      obs: { in_tissue: { kind: 'booleans', values: Uint8Array.from({ length: spots }, (_, i) => i % 2) } },
      var: { pcc: { kind: 'numbers', type: 'float64', values: Float64Array.from(names, (_, g) => g / 7) } },
      uns: { mvhybrid: { backbone: 'mv-hybrid', patchUm: '112' } },
      spotDiameterPx: 200.5,
    });
    const read = pythonJson<Dump>(python!, DUMP, path);
    expect(read.dtype).toBe('float32');
    expect(read.x.flat()).toEqual([...values]);
    expect([read.obs, read.var]).toEqual([barcodes, names]);
    expect(read.measured.flat()).toEqual([...measured]);
    expect(read.spatial).toEqual(barcodes.map((_, i) => [2 * i + 0.5, 3 * i]));
    expect(read.tissue).toEqual(['bool', ...barcodes.map((_, i) => i % 2 === 1)]);
    expect(read.pcc).toEqual(names.map((_, g) => g / 7));
    expect(read.uns).toEqual({
      mvhybrid: { backbone: 'mv-hybrid', patchUm: '112' },
      spatial: { ST: { images: {}, scalefactors: { spot_diameter_fullres: 200.5 } } },
    });
  }, 60_000);
});
