/**
 * Embeddings on disk, in the HDF5 layout that HEST's tools read: `embeddings` float32 (N, D), `barcodes` strings
 * (N), `coords` int64 (N, 2) = level-0 top left corners; what made them stands in the root's attributes.
 */
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { type Hdf5File, withHdf5 } from '../spatial/hdf5/hdf5-file.ts';
import type { Hdf5WriteDataset } from '../spatial/hdf5/hdf5-messages.ts';
import { writeHdf5 } from '../spatial/hdf5/write-hdf5.ts';
import { requireFile } from '../spatial/paths.ts';
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
const READ = 'read embeddings';

const dataset = (shape: readonly number[], data: Hdf5WriteDataset['data']): Hdf5WriteDataset => ({
  kind: 'dataset',
  attributes: {},
  shape,
  data,
});

/** Writes `path` whole or not at all; the same input gives the same bytes. */
export async function writeEmbeddings(path: string, embeddings: Embeddings): Promise<void> {
  const { rows, values, width, attributes } = embeddings;
  const corners = BigInt64Array.from(rows.flatMap(({ x, y }) => [BigInt(x), BigInt(y)]));
  await writeHdf5(path, 'write embeddings', {
    kind: 'group',
    attributes: { [ATTRIBUTE]: JSON.stringify(attributes) },
    children: {
      embeddings: dataset([rows.length, width], values),
      barcodes: dataset(
        [rows.length],
        rows.map(({ barcode }) => barcode),
      ),
      coords: dataset([rows.length, 2], corners),
    },
  });
}

/**
 * Reads a file of {@link writeEmbeddings}, or one of HEST's tools. A damaged file costs a thread, not the program.
 *
 * @throws UsageError when it does not exist, DataError when it is no such file or damaged.
 */
export async function readEmbeddings(path: string): Promise<Embeddings> {
  await requireFile(path, READ, 'an embedding file');
  return withHdf5(path, READ, async (file) => {
    const { shape, type } = await file.dataset('embeddings');
    const [count, width] = shape;
    if (shape.length !== 2 || !type.startsWith('float')) {
      throw new DataError(READ, {
        need: '"embeddings" of two axes and real numbers',
        found: `${type} [${shape}] in ${path}`,
      });
    }
    return {
      rows: await readRows(file, count!),
      values: Float32Array.from(await file.numbers('embeddings')),
      width: width!,
      attributes: await readAttributes(file),
    };
  });
}

async function readRows(file: Hdf5File, count: number): Promise<PatchRow[]> {
  const barcodes = await file.strings('barcodes');
  const corners = await file.numbers('coords');
  if (barcodes.length !== count || corners.length !== 2 * count) {
    throw new DataError(READ, {
      need: `${count} barcodes and coordinates`,
      found: `${barcodes.length} and ${corners.length / 2} in ${file.path}`,
    });
  }
  return barcodes.map((barcode, i) => ({ barcode, x: corners[2 * i]!, y: corners[2 * i + 1]! }));
}

/** Files of other tools have none. */
async function readAttributes(file: Hdf5File): Promise<Record<string, string>> {
  const text = (await file.item(''))?.attributes[ATTRIBUTE];
  if (text === undefined) return {};
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(String(text)));
  } catch (cause) {
    throw new DataError(READ, {
      need: `settings as JSON in the attribute "${ATTRIBUTE}"`,
      found: `other text in ${file.path}`,
      cause,
    });
  }
}
