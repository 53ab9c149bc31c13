/** From what was chosen to the rows of a table. */
import type { Selection } from './choice-state.ts';
import type { SlideData, TableData } from './slide-data.ts';

const regionMasks = new WeakMap<TableData, { selection: Selection; mask: Uint8Array }>();

/**
 * The chosen rows of a table, the same array for the same choice. Rows picked in another table are found through
 * their barcodes, or their places.
 */
export async function maskFor(
  slide: SlideData,
  selection: Selection | null,
  table: TableData,
): Promise<Uint8Array | null> {
  if (selection === null) return null;
  if (selection.kind === 'rows' && selection.tableId === table.detail.id) return selection.mask;
  const known = regionMasks.get(table);
  if (known?.selection === selection) return known.mask;
  const mask =
    selection.kind === 'region'
      ? table.index.maskOf(selection.polygon)
      : await maskThrough(await slide.table(selection.tableId), selection.mask, table);
  regionMasks.set(table, { selection, mask });
  return mask;
}

async function maskThrough(picked: TableData, mask: Uint8Array, table: TableData): Promise<Uint8Array> {
  const { rows } = await table.joinTo(picked);
  return Uint8Array.from(rows, (row) => (row >= 0 && mask[row] === 1 ? 1 : 0));
}

/** Row numbers of a mask. */
export function rowsOf(mask: Uint8Array): number[] {
  const rows: number[] = [];
  for (let row = 0; row < mask.length; row++) if (mask[row] === 1) rows.push(row);
  return rows;
}
