/**
 * Embeddings on disk, in the HDF5 layout that HEST's tools read: `embeddings` float32 (N, D), `barcodes` strings
 * (N), `coords` int64 (N, 2) = level-0 top left corners; what made them stands in the root's attributes.
 */
import { existsSync } from 'node:fs';
import * as h5 from 'h5wasm/node';
import { writeAtomically } from '../core/atomic-file.ts';
import { withFixedClock } from '../core/fixed-clock.ts';
import { DataError, UsageError } from '../errors.ts';
import type { PatchRow } from './patch-source.ts';

/** N feature vectors and what they belong to. */
export interface Embeddings {
  readonly rows: readonly PatchRow[];
  /** Row-major [rows.length, width]. */
  readonly values: Float32Array;
  readonly width: number;
  /** What made them: backbone, weights, geometry. */
  readonly attributes: Readonly<Record<string, string>>;
}

const ATTRIBUTE = 'mvhybrid';

/** Writes `path` whole or not at all; the same input gives the same bytes. */
export async function writeEmbeddings(path: string, embeddings: Embeddings): Promise<void> {
  await h5.ready;
  const { rows, values, width, attributes } = embeddings;
  await writeAtomically(path, async (temporary) => {
    withFixedClock(() => {
      const file = new h5.File(temporary, 'w');
      try {
        file.create_dataset({ name: 'embeddings', data: values, shape: [rows.length, width], dtype: '<f' });
        file.create_dataset({
          name: 'barcodes',
          data: rows.map((row) => row.barcode),
          shape: [rows.length],
        });
        const coords = BigInt64Array.from(rows.flatMap(({ x, y }) => [BigInt(x), BigInt(y)]));
        file.create_dataset({ name: 'coords', data: coords, shape: [rows.length, 2], dtype: '<q' });
        file.create_attribute(ATTRIBUTE, JSON.stringify(attributes));
      } finally {
        file.close();
      }
    });
  });
}

function datasetOf(file: h5.File, name: string, path: string): h5.Dataset {
  const dataset = file.get(name);
  if (!(dataset instanceof h5.Dataset)) {
    throw new DataError('read embeddings', { need: `a dataset "${name}"`, found: `none in ${path}` });
  }
  return dataset;
}

/**
 * Reads a file of {@link writeEmbeddings}, or one of HEST's tools.
 *
 * @throws UsageError when it does not exist, DataError when it is no such file.
 */
export async function readEmbeddings(path: string): Promise<Embeddings> {
  if (!existsSync(path))
    throw new UsageError('read embeddings', { need: 'an embedding file', found: `no file ${path}` });
  await h5.ready;
  let file: h5.File;
  try {
    file = new h5.File(path, 'r');
  } catch (cause) {
    throw new DataError('read embeddings', { need: 'an HDF5 file', found: `${path}, which is none`, cause });
  }
  try {
    const table = datasetOf(file, 'embeddings', path);
    const [count, width] = table.shape ?? [];
    if (count === undefined || width === undefined || table.shape?.length !== 2) {
      throw new DataError('read embeddings', {
        need: '"embeddings" of two axes',
        found: `[${table.shape}] in ${path}`,
      });
    }
    const names = (datasetOf(file, 'barcodes', path).value as unknown[]).flat() as string[];
    const corners = datasetOf(file, 'coords', path).value as ArrayLike<number | bigint>;
    if (names.length !== count || corners.length !== 2 * count) {
      throw new DataError('read embeddings', {
        need: `${count} barcodes and coordinates`,
        found: `${names.length} and ${corners.length / 2} in ${path}`,
      });
    }
    const rows = names.map((barcode, i) => ({
      barcode,
      x: Number(corners[2 * i]),
      y: Number(corners[2 * i + 1]),
    }));
    const text = file.attrs[ATTRIBUTE]?.value;
    const attributes = typeof text === 'string' ? (JSON.parse(text) as Record<string, string>) : {};
    return { rows, values: Float32Array.from(table.value as Float32Array), width, attributes };
  } finally {
    file.close();
  }
}
