/** What the table thread does: reads tables, keeps the last ones, answers columns of them. */
import type { ReadSectionOptions, SpotTransform } from '../../spatial/index.ts';
import { Refusal } from '../refusal.ts';
import type { TableCalls, TableFile, TableSource } from '../threads/calls.ts';
import { RecentlyUsed } from '../threads/recently-used.ts';
import { exportRows } from './export-rows.ts';
import { loadCsv } from './load-csv.ts';
import { loadH5ad } from './load-h5ad.ts';
import { loadEmbedding, loadPatches } from './load-hdf5.ts';
import { loadSection } from './load-section.ts';
import { bytesOf, type LoadedTable, valuesOf } from './loaded-table.ts';

/** Tables are kept up to this size together, and one whatever its size. */
const KEPT_BYTES = 2 ** 29;

function load(source: TableSource): Promise<LoadedTable> {
  switch (source.from) {
    case 'section':
      return loadSection(source.path, source.options as ReadSectionOptions);
    case 'h5ad':
      return loadH5ad(source.path, source.kind, source.transform as SpotTransform | undefined);
    case 'csv':
      return loadCsv(source.path);
    case 'embedding':
      return loadEmbedding(source.path);
    case 'patches':
      return loadPatches(source.path);
  }
}

/** Tables in memory, the last ones used. */
class LoadedTables {
  readonly #kept = new RecentlyUsed<LoadedTable>({ bytes: KEPT_BYTES, bytesOf });

  get({ id, stamp, source, ...known }: TableFile): Promise<LoadedTable> {
    return this.#kept.get(`${id}\0${stamp}`, async () => ({ ...(await load(source)), ...known }));
  }
}

function medianOf(values: Float32Array | undefined): number | null {
  const known = (values ?? new Float32Array()).filter(Number.isFinite).sort();
  if (known.length === 0) return null;
  const middle = (known.length - 1) / 2;
  return (known[Math.floor(middle)]! + known[Math.ceil(middle)]!) / 2;
}

export function tableCalls(): TableCalls {
  const tables = new LoadedTables();
  return {
    async facts(file) {
      const { barcodes, genes, columns, unit, shape, sizePx, vectors } = await tables.get(file);
      return {
        rows: barcodes.length,
        genes,
        columns: [...columns.keys()],
        unit,
        shape,
        sizePx,
        vectorWidth: vectors?.width ?? 0,
        focus: medianOf(columns.get('focus')),
      };
    },
    positions: async (file) => (await tables.get(file)).positions.slice(),
    barcodes: async (file) => (await tables.get(file)).barcodes,
    values: async ({ table, name }) => valuesOf(await tables.get(table), name),
    async vectors(file) {
      const { vectors } = await tables.get(file);
      if (vectors === undefined) throw new Refusal(409, 'This table has no feature vectors to lay out.');
      return { data: vectors.data.slice(), width: vectors.width };
    },
    export: async (request) => exportRows(await tables.get(request.table), request),
  };
}
