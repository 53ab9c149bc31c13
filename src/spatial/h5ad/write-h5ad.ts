/** Writing AnnData files. */
import type { Matrix } from '../../core/matrix.ts';
import { UsageError } from '../../errors.ts';
import { writeHdf5 } from '../hdf5/write-hdf5.ts';
import { arrayOf, dictOf, groupOf, matrixNode, tableNode, unsNode } from './h5ad-encode.ts';
import type { H5adMatrix, H5adTable, UnsValue } from './h5ad-types.ts';

const OPERATION = 'writeH5ad';

/** What an AnnData file holds. */
export interface H5adContent {
  /** Spots; names are unique. */
  readonly obs: H5adTable;
  /** Genes; names are unique. */
  readonly var: H5adTable;
  /** Spots x genes. */
  readonly X: H5adMatrix;
  /** Further matrices of the size of `X`. */
  readonly layers?: Readonly<Record<string, H5adMatrix>>;
  /** Tables per spot, e.g. `spatial` (x, y). */
  readonly obsm?: Readonly<Record<string, Matrix>>;
  readonly uns?: Readonly<Record<string, UnsValue>>;
}

export interface WriteH5adOptions {
  /** Store sparse matrices by columns instead of by rows; default false. */
  readonly byColumns?: boolean;
}

function checkSize(what: string, m: { rows: number; cols?: number }, rows: number, cols?: number): void {
  if (m.rows === rows && (cols === undefined || m.cols === cols)) return;
  throw new UsageError(OPERATION, {
    need: `${what} of ${rows}${cols === undefined ? ' rows' : ` x ${cols}`}, as obs and var have names`,
    found: `${m.rows}${cols === undefined ? '' : ` x ${m.cols}`}`,
  });
}

/**
 * Writes `path` whole or not at all, in the encoding that AnnData 0.8 and later read and write. The same content gives
 * the same bytes.
 *
 * @throws UsageError for sizes that do not fit, repeated names, or values that their type cannot hold.
 * @source AnnData, "On-disk format", encodings `anndata` 0.1.0, `dataframe` 0.2.0, `array` 0.2.0, `csr_matrix` 0.1.0.
 */
export async function writeH5ad(
  path: string,
  content: H5adContent,
  { byColumns = false }: WriteH5adOptions = {},
): Promise<void> {
  const spots = content.obs.index.length;
  const genes = content.var.index.length;
  checkSize('X', content.X, spots, genes);
  const layers = Object.entries(content.layers ?? {});
  for (const [name, layer] of layers) checkSize(`layer "${name}"`, layer, spots, genes);
  const obsm = Object.entries(content.obsm ?? {});
  for (const [name, table] of obsm) checkSize(`obsm "${name}"`, table, spots);
  const root = groupOf(
    {
      X: matrixNode(content.X, byColumns),
      layers: dictOf(Object.fromEntries(layers.map(([name, layer]) => [name, matrixNode(layer, byColumns)]))),
      obs: tableNode(content.obs, 'obs'),
      obsm: dictOf(
        Object.fromEntries(obsm.map(([name, { data, rows, cols }]) => [name, arrayOf(data, [rows, cols])])),
      ),
      obsp: dictOf({}),
      uns: unsNode(content.uns ?? {}),
      var: tableNode(content.var, 'var'),
      varm: dictOf({}),
      varp: dictOf({}),
    },
    { 'encoding-type': 'anndata', 'encoding-version': '0.1.0' },
  );
  await writeHdf5(path, OPERATION, root);
}
