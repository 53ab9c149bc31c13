/** What the viewer knows of one slide: loaded when asked for, kept while the slide is open. */
import type { Catalogue, SlideDetail, TableDetail, TissueOutline } from '../../../src/contract/index.ts';
import { api } from '../api.ts';
import { alignValues, type Join, joinByBarcode, joinByPosition } from '../numbers/join.ts';
import { SpatialIndex } from '../overlay/spatial-index.ts';

/** Genes kept per table: going back and forth is instant, and memory stays bounded. */
const KEPT_GENES = 48;

/** Remembers a promise; forgets it when it fails, so that a later try asks again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let held: Promise<T> | undefined;
  return () => {
    held ??= make().catch((error: unknown) => {
      held = undefined;
      throw error;
    });
    return held;
  };
}

/** One table: its rows at their places, and values by name. */
export class TableData {
  readonly detail: TableDetail;
  /** x0 y0 x1 y1 ..., level-0 pixels. */
  readonly positions: Float32Array;
  readonly index: SpatialIndex;
  readonly names: ReadonlySet<string>;
  readonly barcodes: () => Promise<readonly string[]>;
  readonly projection: () => Promise<Float32Array>;
  readonly #values = new Map<string, Promise<Float32Array>>();
  readonly #joins = new Map<string, Promise<Join>>();

  private constructor(detail: TableDetail, positions: Float32Array, index: SpatialIndex) {
    this.detail = detail;
    this.positions = positions;
    this.index = index;
    this.names = new Set([...detail.genes, ...detail.columns]);
    this.barcodes = once(() => api.barcodes(detail.id));
    this.projection = once(() => api.projection(detail.id));
  }

  static async open(id: string): Promise<TableData> {
    const [detail, positions] = await Promise.all([api.table(id), api.positions(id)]);
    return new TableData(detail, positions, new SpatialIndex(positions));
  }

  /** One number per row; the same array each time, so that identity tells whether it changed. */
  values(name: string): Promise<Float32Array> {
    const known = this.#values.get(name);
    this.#values.delete(name);
    const held =
      known ??
      api.values(this.detail.id, name).catch((error: unknown) => {
        this.#values.delete(name);
        throw error;
      });
    this.#values.set(name, held);
    if (this.#values.size > KEPT_GENES) this.#values.delete(this.#values.keys().next().value!);
    return held;
  }

  /** Partners of this table's rows in another: by barcode, or by place where barcodes have nothing in common. */
  joinTo(other: TableData): Promise<Join> {
    const known = this.#joins.get(other.detail.id);
    if (known !== undefined) return known;
    const made = this.#join(other).catch((error: unknown) => {
      this.#joins.delete(other.detail.id);
      throw error;
    });
    this.#joins.set(other.detail.id, made);
    return made;
  }

  async #join(other: TableData): Promise<Join> {
    const byBarcode = joinByBarcode(await this.barcodes(), await other.barcodes());
    if (byBarcode.matched > 0) return byBarcode;
    return joinByPosition(this.positions, other.index, Math.max(this.detail.sizePx, other.detail.sizePx) / 2);
  }

  /** Values of another table in the order of this one's rows. */
  async valuesFrom(other: TableData, name: string): Promise<{ values: Float32Array; join: Join }> {
    const join = await this.joinTo(other);
    return { values: alignValues(join, await other.values(name)), join };
  }
}

/** An open slide. */
export class SlideData {
  readonly detail: SlideDetail;
  readonly catalogue: Catalogue;
  readonly tissue: () => Promise<TissueOutline>;
  readonly #tables = new Map<string, Promise<TableData>>();
  #details: TableDetail[];

  private constructor(detail: SlideDetail, catalogue: Catalogue, details: TableDetail[]) {
    this.detail = detail;
    this.catalogue = catalogue;
    this.#details = details;
    this.tissue = once(() => api.tissue(detail.id));
  }

  static async open(id: string, catalogue: Catalogue): Promise<SlideData> {
    const detail = await api.slide(id);
    return new SlideData(
      detail,
      catalogue,
      await Promise.all(detail.tables.map((table) => api.table(table))),
    );
  }

  get tables(): readonly TableDetail[] {
    return this.#details;
  }

  async addTable(id: string): Promise<TableDetail> {
    const known = this.#details.find((table) => table.id === id);
    if (known !== undefined) return known;
    const detail = await api.table(id);
    this.#details = [...this.#details, detail];
    return detail;
  }

  table(id: string): Promise<TableData> {
    const known = this.#tables.get(id);
    if (known !== undefined) return known;
    const opened = TableData.open(id).catch((error: unknown) => {
      this.#tables.delete(id);
      throw error;
    });
    this.#tables.set(id, opened);
    return opened;
  }
}
