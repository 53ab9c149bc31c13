/** Feature vectors of a run in two dimensions. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UMAP } from 'umap-js';
import { matrixRow, selectRows, vstack } from '../core/matrix.ts';
import { Rng } from '../core/rng.ts';
import { readEmbeddings } from '../embedding/index.ts';
import { fitPca, pcaScores } from '../eval/index.ts';
import { scope, tensor, toFloat64Array } from '../tensor/index.ts';

export interface MappedVector {
  /** Section or picture folder. */
  readonly source: string;
  readonly row: string;
  readonly x: number;
  readonly y: number;
}

export interface EmbeddingMapOptions {
  readonly seed: number;
  /** Vectors drawn evenly over all files when there are more; default 1500. */
  readonly most?: number;
  /** Default 15, fewer for fewer vectors. */
  readonly neighbours?: number;
}

/** Vectors are first reduced to so many principal components, which neighbourhoods hardly feel. */
const COMPONENTS = 30;

/**
 * UMAP of the embedding files in a folder, the same points for the same seed. Empty for fewer than 10 vectors, for
 * which neighbourhoods say nothing.
 *
 * @source McInnes et al., arXiv:1802.03426.
 */
export async function mapEmbeddings(
  folder: string,
  { seed, most = 1500, neighbours = 15 }: EmbeddingMapOptions,
): Promise<MappedVector[]> {
  const names = (await readdir(folder).catch(() => [] as string[]))
    .filter((name) => name.endsWith('.h5'))
    .sort();
  const files = [];
  for (const name of names) {
    const { rows, values, width } = await readEmbeddings(join(folder, name));
    files.push({ source: name.slice(0, -3), rows, table: { rows: rows.length, cols: width, data: values } });
  }
  const vectors = files.flatMap(({ source, rows }) => rows.map(({ barcode }) => ({ source, row: barcode })));
  if (vectors.length < 10) return [];
  const rng = new Rng(seed);
  const order = rng.shuffle(vectors.map((_, i) => i));
  const chosen = order.slice(0, most).sort((a, b) => a - b);
  const picked = selectRows(vstack(files.map(({ table }) => table)), chosen);
  const k = Math.min(COMPONENTS, picked.cols, picked.rows - 1);
  const scores = scope(() => {
    const x = tensor(Float64Array.from(picked.data), [picked.rows, picked.cols]);
    return toFloat64Array(pcaScores(x, fitPca(x, k)));
  });
  const reduced = { rows: picked.rows, cols: k, data: scores };
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(neighbours, picked.rows - 1),
    random: () => rng.uniform(),
  });
  const places = umap.fit(Array.from({ length: reduced.rows }, (_, r) => Array.from(matrixRow(reduced, r))));
  return chosen.map((i, r) => ({ ...vectors[i]!, x: places[r]![0]!, y: places[r]![1]! }));
}
