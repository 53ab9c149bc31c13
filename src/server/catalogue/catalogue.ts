/** Everything in the served folder, found again when it changed. */
import { basename } from 'node:path';
import type { Catalogue as CatalogueAnswer, TableEntry } from '../../contract/index.ts';
import { notFound } from '../refusal.ts';
import type { SlideFacts, SlideFile } from '../threads/calls.ts';
import { findCsv } from './find-csv.ts';
import { findH5adImages } from './find-h5ad-images.ts';
import { findHdf5 } from './find-hdf5.ts';
import { findModels } from './find-models.ts';
import { findRuns } from './find-runs.ts';
import { findSections } from './find-sections.ts';
import { findSlides } from './find-slides.ts';
import { linkSlide } from './link-slides.ts';
import { PeekCache } from './peek-cache.ts';
import type { HeadRecord, RunRecord, SlideRecord, TableRecord, WeightsRecord } from './records.ts';
import { type Problem, walk } from './walk.ts';

/** The folder is not looked through again within this time. */
const FRESH_MS = 2_000;

interface Snapshot {
  readonly slides: ReadonlyMap<string, SlideRecord>;
  readonly tables: ReadonlyMap<string, TableRecord>;
  readonly runs: ReadonlyMap<string, RunRecord>;
  readonly heads: ReadonlyMap<string, HeadRecord>;
  readonly weights: ReadonlyMap<string, WeightsRecord>;
  readonly problems: readonly Problem[];
}

interface WithEntry {
  readonly entry: { readonly id: string };
}

function byId<T extends WithEntry>(records: readonly T[]): Map<string, T> {
  return new Map(records.map((record) => [record.entry.id, record]));
}

/** The catalogue of one folder, and what was added to it while the server runs. */
export class Catalogue {
  /** Real path of the served folder. */
  readonly root: string;
  readonly #describe: (slide: SlideFile) => Promise<SlideFacts>;
  readonly #peeks = new PeekCache();
  readonly #addedTables = new Map<string, TableRecord>();
  readonly #addedRuns = new Map<string, RunRecord>();
  #snapshot: Snapshot | undefined;
  #scanned = Number.NEGATIVE_INFINITY;
  #scanning: Promise<Snapshot> | undefined;

  constructor(root: string, describe: (slide: SlideFile) => Promise<SlideFacts>) {
    this.root = root;
    this.#describe = describe;
  }

  /** Looks through the folder unless that has just been done; callers at one time share one search. */
  async refresh(maxAgeMs = FRESH_MS): Promise<Snapshot> {
    if (this.#scanning !== undefined) return this.#scanning;
    if (this.#snapshot !== undefined && performance.now() - this.#scanned < maxAgeMs) return this.#snapshot;
    this.#scanning = this.#scan().finally(() => {
      this.#scanning = undefined;
    });
    return this.#scanning;
  }

  async #scan(): Promise<Snapshot> {
    const peeks = this.#peeks;
    peeks.begin();
    const listing = await walk(this.root);
    const { tables: sections, images, described } = await findSections(listing, peeks);
    const pictures = [...(await findH5adImages(listing, described, peeks)), ...images];
    const slides = await findSlides(listing, pictures, this.#describe, peeks);
    const found = [
      ...sections,
      ...(await findHdf5(listing, described, peeks)),
      ...(await findCsv(listing, peeks)),
    ];
    const { heads, weights } = await findModels(listing, peeks);
    const runs = await findRuns(listing, peeks);
    peeks.finish();
    const tables = found.map(({ hints, entry, ...rest }): TableRecord => {
      return { ...rest, entry: { ...entry, slideId: linkSlide(hints, slides) } };
    });
    this.#snapshot = {
      slides: byId(slides),
      tables: byId(tables),
      runs: byId(runs),
      heads: byId(heads),
      weights: byId(weights),
      problems: [...listing.problems, ...peeks.problems],
    };
    this.#scanned = performance.now();
    return this.#snapshot;
  }

  async answer(): Promise<CatalogueAnswer> {
    const { slides, tables, runs, heads, weights, problems } = await this.refresh();
    const entries = <E>(records: Iterable<{ readonly entry: E }>): E[] =>
      Array.from(records, ({ entry }) => entry);
    return {
      folder: basename(this.root),
      slides: entries(slides.values()),
      tables: [...entries(tables.values()), ...entries(this.#addedTables.values())],
      runs: [...entries(runs.values()), ...entries(this.#addedRuns.values())],
      heads: entries(heads.values()),
      weights: entries(weights.values()),
      problems,
    };
  }

  addTable(record: TableRecord): void {
    this.#addedTables.set(record.entry.id, record);
  }

  addRun(record: RunRecord): void {
    this.#addedRuns.set(record.entry.id, record);
  }

  async slides(): Promise<readonly SlideRecord[]> {
    return [...(await this.refresh(Number.POSITIVE_INFINITY)).slides.values()];
  }

  /** @throws Refusal 404 for an unknown id, as the other look-ups. */
  async slide(id: string): Promise<SlideRecord> {
    return this.#find('slide', id, ({ slides }) => slides);
  }

  async table(id: string): Promise<TableRecord> {
    return this.#addedTables.get(id) ?? (await this.#find('table', id, ({ tables }) => tables));
  }

  async run(id: string): Promise<RunRecord> {
    return this.#addedRuns.get(id) ?? (await this.#find('run', id, ({ runs }) => runs));
  }

  async head(id: string): Promise<HeadRecord> {
    return this.#find('head', id, ({ heads }) => heads);
  }

  async weights(id: string): Promise<WeightsRecord> {
    return this.#find('weights', id, ({ weights }) => weights);
  }

  /** Tables that lie on a slide. */
  async tablesOn(slideId: string): Promise<TableEntry[]> {
    const { tables } = await this.refresh(Number.POSITIVE_INFINITY);
    const all = [...tables.values(), ...this.#addedTables.values()];
    return all.map(({ entry }) => entry).filter((entry) => entry.slideId === slideId);
  }

  /** The measured section whose image a slide is. */
  async sectionOn(slideId: string): Promise<TableRecord | undefined> {
    const { tables } = await this.refresh(Number.POSITIVE_INFINITY);
    return [...tables.values()].find(
      ({ entry, sectionPath }) =>
        entry.slideId === slideId && entry.kind === 'measured' && sectionPath !== undefined,
    );
  }

  /** Once more after a new search of the folder, which unknown ids cannot ask for more often than others. */
  async #find<T>(what: string, id: string, of: (snapshot: Snapshot) => ReadonlyMap<string, T>): Promise<T> {
    const known = of(await this.refresh(Number.POSITIVE_INFINITY)).get(id);
    const found = known ?? of(await this.refresh()).get(id);
    if (found === undefined) throw notFound(what);
    return found;
  }
}
