/** Predictions as text; where the same ones lie beside it as AnnData, that file is shown. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { splitFields } from '../../spatial/text-file.ts';
import { isPredictionHeader } from '../tables/load-csv.ts';
import { namesAround, tableName } from './find-hdf5.ts';
import { idOf } from './ids.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { predictionCard } from './prediction-card.ts';
import { type FoundTable, folderOf } from './records.ts';
import type { Listing } from './walk.ts';

/** A header with 30,000 gene names is shorter. */
const HEADER_BYTES = 2 ** 20;

/** Rows and genes; undefined for another kind of table. */
export async function peekCsv(absolute: string): Promise<{ rows: number; genes: number } | undefined> {
  const handle = await open(absolute, 'r');
  let header: string;
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(HEADER_BYTES), position: 0 });
    header = buffer.toString('utf8', 0, bytesRead).split('\n')[0]!;
  } finally {
    await handle.close();
  }
  if (!isPredictionHeader(header)) return undefined;
  let lines = 0;
  let last = 10;
  for await (const chunk of createReadStream(absolute) as AsyncIterable<Buffer>) {
    for (const byte of chunk) if (byte === 10) lines++;
    last = chunk.at(-1) ?? last;
  }
  return { rows: lines - (last === 10 ? 1 : 0), genes: splitFields(header, ',').length - 3 };
}

export async function findCsv(listing: Listing, peeks: PeekCache): Promise<FoundTable[]> {
  const { root, folders } = listing;
  const tables: FoundTable[] = [];
  for (const file of listing.files) {
    const { path, absolute } = file;
    const name = path.split('/').at(-1)!;
    if (!/^predictions.*\.csv$/.test(name)) continue;
    if (folders.get(folderOf(path))?.includes(name.replace(/csv$/, 'h5ad'))) continue;
    const stamp = stampOf(file);
    const size = await peeks.peek({ kind: 'csv', path, stamp, root }, () => peekCsv(absolute));
    if (size === undefined) continue;
    const { look, paths, name: predicted = tableName(path) } = await predictionCard(absolute);
    tables.push({
      entry: { id: idOf('table', path), name: predicted, path, kind: 'predicted', ...size },
      place: { root, absolute, stamp },
      source: { from: 'csv', path: absolute },
      look,
      hints: { paths, names: namesAround(path) },
    });
  }
  return tables;
}
