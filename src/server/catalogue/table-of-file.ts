/** One file as a table of the catalogue, outside of the served folder: uploads, results of a read-only server. */
import { stat } from 'node:fs/promises';
import type { TableKind } from '../../contract/index.ts';
import { Refusal } from '../refusal.ts';
import { peekCsv } from './find-csv.ts';
import { peekH5, peekH5ad } from './find-hdf5.ts';
import { idOf } from './ids.ts';
import { linkSlide } from './link-slides.ts';
import { stampOf } from './peek-cache.ts';
import { predictionCard } from './prediction-card.ts';
import { type SlideHints, type SlideRecord, stemOf, type TableRecord } from './records.ts';

export interface FileTable {
  readonly root: string;
  readonly absolute: string;
  /** What the browser is shown as its path; names it in the catalogue. */
  readonly path: string;
  readonly name: string;
  /** The slide it belongs to, where that is known. */
  readonly slideId?: string;
  readonly slides: readonly SlideRecord[];
}

interface Peeked {
  readonly kind: TableKind;
  readonly from: 'csv' | 'h5ad' | 'embedding' | 'patches';
  readonly rows: number;
  readonly genes: number;
  readonly hints: SlideHints;
}

async function peek(absolute: string): Promise<Peeked | undefined> {
  if (absolute.endsWith('.csv')) {
    const size = await peekCsv(absolute);
    return size && { kind: 'predicted', from: 'csv', ...size, hints: {} };
  }
  return absolute.endsWith('.h5ad') ? peekH5ad(absolute) : peekH5(absolute);
}

/** @throws Refusal 422 for a file of another kind; what reading it throws. */
export async function tableOfFile({ slideId, slides, ...file }: FileTable): Promise<TableRecord> {
  const { root, absolute, path, name } = file;
  const peeked = await peek(absolute);
  if (peeked === undefined) {
    throw new Refusal(
      422,
      `${name} is no table of predictions, embeddings or patches as this package writes them.`,
    );
  }
  const { kind, from, rows, genes, hints } = peeked;
  const { look, paths } = await predictionCard(absolute);
  const names = [...(hints.names ?? []), stemOf(name)];
  const linked = slideId ?? linkSlide({ ...hints, names, paths: [...paths, ...(hints.paths ?? [])] }, slides);
  return {
    entry: { id: idOf('table', path), name: stemOf(name), path, kind, slideId: linked, rows, genes },
    place: { root, absolute, stamp: stampOf(await stat(absolute)) },
    source: from === 'h5ad' ? { from, path: absolute, kind } : { from, path: absolute },
    look,
  };
}
