/** HDF5 files: AnnData, embeddings, coordinates. Other layouts (10x, precut patches) are passed over. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TableKind } from '../../contract/index.ts';
import type { CohortEntry } from '../../spatial/cohort-manifest.ts';
import { withHdf5 } from '../../spatial/hdf5/hdf5-file.ts';
import { withH5ad } from '../../spatial/index.ts';
import { cardOf } from '../tables/load-h5ad.ts';
import { settingsOf } from '../tables/load-hdf5.ts';
import { idOf } from './ids.ts';
import { type PeekCache, stampOf } from './peek-cache.ts';
import { type PredictionNotes, predictionCard } from './prediction-card.ts';
import { type FoundTable, folderOf, type SlideHints, stemOf } from './records.ts';
import type { FoundFile, Listing } from './walk.ts';

export interface PeekedTable {
  readonly kind: TableKind;
  readonly from: 'h5ad' | 'embedding' | 'patches';
  readonly rows: number;
  readonly genes: number;
  readonly hints: SlideHints;
}

/** Size and card of an AnnData file. Predictions of this package say what made them. */
export async function peekH5ad(absolute: string): Promise<PeekedTable> {
  return withH5ad(
    absolute,
    async (file) => {
      const { spots, genes } = await file.shape();
      const card = await cardOf(file);
      const kind = Object.keys(card).length > 0 ? 'predicted' : 'measured';
      const hints = card.slide === undefined ? {} : { paths: [card.slide], names: [stemOf(card.slide)] };
      return { kind, from: 'h5ad', rows: spots, genes, hints };
    },
    'catalogue',
  );
}

/** `he.jpg 1234 bytes 1700000000000`, or without the name. */
function stampIn(text: string | undefined): SlideHints['stamps'] {
  const [, name, size, time] = /^(?:(.+) )?(\d+) bytes (\d+)$/.exec(text ?? '') ?? [];
  if (size === undefined) return [];
  return [{ ...(name === undefined ? {} : { name }), size: Number(size), mtimeMs: Number(time) }];
}

/** Undefined for layouts that are no table of ours. */
export async function peekH5(absolute: string): Promise<PeekedTable | undefined> {
  return withHdf5(absolute, 'catalogue', async (file) => {
    const embeddings = await file.item('embeddings');
    if (
      embeddings?.kind === 'dataset' &&
      (await file.hasDataset('barcodes')) &&
      (await file.hasDataset('coords'))
    ) {
      const { slide, image } = await settingsOf(file);
      const hints = { stamps: stampIn(image ?? slide) ?? [] };
      return { kind: 'embedding', from: 'embedding', rows: embeddings.shape[0] ?? 0, genes: 0, hints };
    }
    const coords = await file.item('coords');
    const isPatches = coords?.kind === 'dataset' && 'patch_size' in coords.attributes;
    if (!isPatches) return undefined;
    return { kind: 'patches', from: 'patches', rows: coords.shape[0] ?? 0, genes: 0, hints: {} };
  });
}

/** The slide that the state or summary beside a result names. */
async function statedSlide(absolute: string): Promise<string[]> {
  const name = `${stemOf(absolute).replace(/_patches$/, '')}.json`;
  const found: string[] = [];
  for (const path of [join(dirname(absolute), name), join(dirname(absolute), 'state', name)]) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    try {
      const slide: unknown = (JSON.parse(text ?? '{}') as { slide?: unknown }).slide;
      if (typeof slide === 'string') found.push(slide);
    } catch {
      // A file of another kind by that name says nothing about the slide.
    }
  }
  return found;
}

/** Result files named after the folder they lie in. */
export function tableName(path: string): string {
  const stem = stemOf(path);
  return stem === 'predictions' && folderOf(path) !== '' ? folderOf(path).split('/').at(-1)! : stem;
}

/** Names that the slide of a file may have: its own, and those of the folders above it. */
export function namesAround(path: string): string[] {
  const parts = path.split('/');
  return [stemOf(path).replace(/_patches$/, ''), ...parts.slice(0, -1).reverse()];
}

export async function findHdf5(
  listing: Listing,
  described: ReadonlyMap<string, CohortEntry>,
  peeks: PeekCache,
): Promise<FoundTable[]> {
  const { root } = listing;
  const tables: FoundTable[] = [];
  for (const file of listing.files) {
    const { path, absolute } = file;
    const isH5ad = path.toLowerCase().endsWith('.h5ad');
    if (!isH5ad && !/\.(h5|hdf5)$/i.test(path)) continue;
    const stamp = stampOf(file);
    const peeked = await peeks.peek({ kind: 'hdf5', path, stamp, root }, () =>
      isH5ad ? peekH5ad(absolute) : peekH5(absolute),
    );
    if (peeked === undefined) continue;
    tables.push(await foundTable(file, peeked, { root, stamp, entry: described.get(absolute) }));
  }
  return tables;
}

async function foundTable(
  { path, absolute }: FoundFile,
  { kind, from, rows, genes, hints }: PeekedTable,
  { root, stamp, entry }: { root: string; stamp: string; entry: CohortEntry | undefined },
): Promise<FoundTable> {
  const card: PredictionNotes =
    kind === 'predicted' ? await predictionCard(absolute) : { look: {}, paths: [] };
  const stated = from === 'h5ad' ? [] : await statedSlide(absolute);
  const image = entry?.imagePath === undefined ? [] : [entry.imagePath];
  const source =
    from === 'h5ad'
      ? ({
          from,
          path: absolute,
          kind,
          ...(entry?.transform === undefined ? {} : { transform: { ...entry.transform } }),
        } as const)
      : ({ from, path: absolute } as const);
  return {
    entry: {
      id: idOf('table', path),
      name: entry?.id ?? card.name ?? tableName(path),
      path,
      kind,
      rows,
      genes,
    },
    place: { root, absolute, stamp },
    source,
    look: card.look,
    hints: {
      paths: [...card.paths, ...image, ...stated, ...(hints.paths ?? [])],
      stamps: hints.stamps ?? [],
      names: [...(hints.names ?? []), ...namesAround(path)],
    },
    ...(kind === 'measured' ? { sectionPath: absolute } : {}),
  };
}
