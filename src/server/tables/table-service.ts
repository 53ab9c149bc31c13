/** Tables for the routes: everything is read and kept in a thread of its own. */
import type { ExportRequest, TableDetail, TableQuality } from '../../contract/index.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { TableRecord } from '../catalogue/records.ts';
import { Refusal } from '../refusal.ts';
import { checkTreeInside, realPathInside } from '../security/inside.ts';
import type { SlideService } from '../slides/slide-service.ts';
import type { TableFacts, TableFile } from '../threads/calls.ts';
import type { ServerThread } from '../threads/server-thread.ts';

/** Rows that are laid out: 4,000 take about a minute on one core. */
export const MOST_PROJECTED = 4_000;
/** Fewer have no neighbourhoods to speak of. */
const FEWEST_PROJECTED = 10;
const MOST_KEPT = 32;

/** Keeps the outcome of slow work for the last few keys; failures are not kept. */
class Memo<T> {
  readonly #kept = new Map<string, Promise<T>>();

  get(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const working = work();
    this.#kept.set(key, working);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    working.catch(() => this.#kept.delete(key));
    return working;
  }
}

/** How long a table's detail waits for the numbers beside it. */
const PATIENCE_MS = 1_500;

/** The outcome of `work` if it comes soon, else `stopgap`; the work goes on. */
async function soon<T>(work: Promise<T>, stopgap: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(stopgap), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class TableService {
  readonly #catalogue: Catalogue;
  readonly #slides: SlideService;
  readonly #thread: ServerThread<'tables'>;
  readonly #analysis: ServerThread<'analysis'>;
  readonly #quality = new Memo<TableQuality>();
  readonly #projections = new Memo<Float32Array>();

  constructor(parts: {
    catalogue: Catalogue;
    slides: SlideService;
    thread: ServerThread<'tables'>;
    analysis: ServerThread<'analysis'>;
  }) {
    this.#catalogue = parts.catalogue;
    this.#slides = parts.slides;
    this.#thread = parts.thread;
    this.#analysis = parts.analysis;
  }

  async #file({ entry, place, source, look }: TableRecord): Promise<TableFile> {
    if (source.from === 'section') await checkTreeInside(place.root, place.absolute);
    else await realPathInside(place.root, place.absolute);
    return { id: entry.id, stamp: place.stamp, source, ...look };
  }

  async facts(record: TableRecord): Promise<TableFacts> {
    return this.#thread.call('facts', await this.#file(record));
  }

  async positions(record: TableRecord): Promise<Float32Array> {
    return this.#thread.call('positions', await this.#file(record));
  }

  async barcodes(record: TableRecord): Promise<readonly string[]> {
    return this.#thread.call('barcodes', await this.#file(record));
  }

  /** @throws Refusal 404 for a name that is neither gene nor column. */
  async values(record: TableRecord, name: string): Promise<Float32Array> {
    const values = await this.#thread.call('values', { table: await this.#file(record), name });
    if (values !== undefined) return values;
    throw new Refusal(404, `This table has no gene or column "${name.slice(0, 60)}".`);
  }

  async export(record: TableRecord, { format, rows, genes }: ExportRequest): Promise<Uint8Array> {
    return this.#thread.call('export', {
      table: await this.#file(record),
      format,
      ...(rows === undefined ? {} : { rows }),
      ...(genes === undefined ? {} : { names: genes }),
      note: { table: record.entry.name, kind: record.entry.kind },
    });
  }

  async detail(record: TableRecord): Promise<TableDetail> {
    const facts = await this.facts(record);
    const { id, name, path, kind, slideId } = record.entry;
    const { rows, genes, unit, shape, sizePx, columns } = facts;
    const projection = rows <= MOST_PROJECTED && (await this.#vectorTable(record)) !== undefined;
    const quality = await soon(this.#qualityOf(record, facts), {
      overTissue: null,
      focus: null,
      pending: true,
    });
    return { id, name, path, kind, slideId, rows, genes, unit, shape, sizePx, columns, projection, quality };
  }

  #qualityOf(record: TableRecord, { focus }: TableFacts): Promise<TableQuality> {
    const { id, slideId } = record.entry;
    return this.#quality.get(`${id}/${record.place.stamp}/${slideId}`, async () => {
      if (slideId === null) return { overTissue: null, focus };
      const slide = await this.#catalogue.slide(slideId);
      const positions = await this.positions(record);
      // A slide that cannot be read has no quality; its own address says why.
      const orNull = <T>(work: Promise<T>) => work.catch(() => null);
      const outline = await orNull(this.#slides.tissue(slide));
      const overTissue =
        outline === null ? null : await orNull(this.#analysis.call('overTissue', { outline, positions }));
      return { overTissue, focus: focus ?? (await orNull(this.#slides.focus(slide, positions))) };
    });
  }

  /** The table itself where it holds feature vectors, else embeddings of the same rows on the same slide. */
  async #vectorTable(record: TableRecord): Promise<TableRecord | undefined> {
    const { entry } = record;
    if (entry.kind === 'embedding') return entry.rows >= FEWEST_PROJECTED ? record : undefined;
    if (entry.slideId === null) return undefined;
    const others = await this.#catalogue.tablesOn(entry.slideId);
    const { rows } = await this.facts(record);
    const alike = others.filter((other) => other.kind === 'embedding' && other.rows === rows);
    if (alike.length === 0 || rows < FEWEST_PROJECTED) return undefined;
    const names = await this.barcodes(record);
    for (const { id } of alike) {
      const other = await this.#catalogue.table(id);
      const found = await this.barcodes(other).catch(() => []);
      if (found.every((barcode, i) => barcode === names[i])) return other;
    }
    return undefined;
  }

  /** @throws Refusal 413 for too many rows, 409 where nothing can be laid out. */
  async projection(record: TableRecord): Promise<Float32Array> {
    const { rows } = record.entry;
    if (rows > MOST_PROJECTED) {
      throw new Refusal(
        413,
        `A layout is made of at most ${MOST_PROJECTED} rows and this table has ${rows}; predict in a smaller region.`,
      );
    }
    const table = await this.#vectorTable(record);
    if (table === undefined) {
      throw new Refusal(
        409,
        'There are no embeddings of these rows (10 or more) to lay out; make some with `embed`.',
      );
    }
    return this.#projections.get(`${table.entry.id}/${table.place.stamp}`, async () => {
      return this.#analysis.call('project', await this.#thread.call('vectors', await this.#file(table)));
    });
  }
}
