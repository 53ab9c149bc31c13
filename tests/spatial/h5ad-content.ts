/** A small AnnData object that uses every encoding the writer knows. */
import { matrix } from '../../src/core/matrix.ts';
import type { H5adContent, H5adMatrix } from '../../src/spatial/index.ts';

const dense: H5adMatrix = {
  kind: 'dense',
  rows: 3,
  cols: 4,
  data: Float64Array.of(0.5, 0, -1, 2, 0, 0, 0, 0, 1e-3, 4, 0, 7),
};

export const sparse: H5adMatrix = {
  kind: 'csr',
  rows: 3,
  cols: 4,
  indptr: Int32Array.of(0, 2, 2, 5),
  indices: Int32Array.of(0, 3, 0, 1, 3),
  data: Float32Array.of(1, 2, 3, 4, 5),
};

export const content: H5adContent = {
  obs: {
    index: ['AAAC-1', 'AAAG-1', 'Zürich α'],
    columns: {
      region: {
        kind: 'categorical',
        codes: Int32Array.of(1, -1, 0),
        categories: { kind: 'strings', values: ['stroma', 'tumour'] },
        ordered: false,
      },
      grade: {
        kind: 'categorical',
        codes: Int32Array.of(0, 2, 1),
        categories: { kind: 'numbers', type: 'int64', values: Float64Array.of(1, 2, 3) },
        ordered: true,
      },
      in_tissue: { kind: 'booleans', values: Uint8Array.of(1, 0, 1) },
      array_row: { kind: 'numbers', type: 'int32', values: Float64Array.of(0, 1, -2) },
      total: { kind: 'numbers', type: 'float64', values: Float64Array.of(1.5, Number.NaN, 3) },
      note: { kind: 'strings', values: ['', 'a "quoted" word', 'ß'] },
      cells: {
        kind: 'numbers',
        type: 'int64',
        values: Float64Array.of(4, 0, 9),
        missing: Uint8Array.of(0, 1, 0),
      },
      checked: { kind: 'booleans', values: Uint8Array.of(0, 0, 1), missing: Uint8Array.of(0, 1, 0) },
    },
  },
  var: { index: ['ERBB2', 'EPCAM', 'CD3E', 'MT-ND1'], columns: {} },
  X: sparse,
  layers: { predicted: dense },
  obsm: { spatial: matrix(3, 2, Float64Array.of(10.5, 20, 30, 40, 50, 60.25)) },
  uns: {
    model: 'mv_hybrid',
    alpha: 0.5,
    genes: 200,
    intercept: true,
    folds: ['a', 'b'],
    spatial: {
      ST: {
        images: { downscaled_fullres: { shape: [1, 2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) } },
        scalefactors: { spot_diameter_fullres: 200.25 },
      },
    },
  },
};

/** A matrix as full rows. */
export function rowsOf(m: H5adMatrix): number[][] {
  if (m.kind === 'dense') {
    return Array.from({ length: m.rows }, (_, r) => [...m.data.subarray(r * m.cols, (r + 1) * m.cols)]);
  }
  return Array.from({ length: m.rows }, (_, r) => {
    const row = new Array<number>(m.cols).fill(0);
    for (let k = m.indptr[r]!; k < m.indptr[r + 1]!; k++) row[m.indices[k]!] = m.data[k]!;
    return row;
  });
}
