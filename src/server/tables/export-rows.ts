/** Chosen rows and columns of a table as a file. */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matrix } from '../../core/matrix.ts';
import { spotsToCsv, spotsToGeoJson, writeExpressionH5ad } from '../../spatial/index.ts';
import { makeNamesUnique } from '../../spatial/names.ts';
import { Refusal } from '../refusal.ts';
import type { TableExport } from '../threads/calls.ts';
import { type LoadedTable, valuesOf } from './loaded-table.ts';

/** Values of one export; as text they are about ten bytes each. */
const MOST_VALUES = 30_000_000;

function chosenRows(table: LoadedTable, rows: readonly number[] | undefined): readonly number[] {
  const count = table.barcodes.length;
  if (rows === undefined) return table.barcodes.map((_, i) => i);
  const bad = rows.find((row) => !(Number.isInteger(row) && row >= 0 && row < count));
  if (bad !== undefined) throw new Refusal(400, `This table has rows 0 to ${count - 1}, not ${bad}.`);
  if (new Set(rows).size !== rows.length) throw new Refusal(400, 'A row may be asked for once.');
  return rows;
}

/** Rows x names; the names are genes or columns. */
function valuesAt(table: LoadedTable, rows: readonly number[], names: readonly string[]) {
  if (rows.length * names.length > MOST_VALUES) {
    throw new Refusal(
      413,
      `An export holds at most ${MOST_VALUES / 1e6} million values; choose fewer rows or genes.`,
    );
  }
  const data = new Float32Array(rows.length * names.length);
  for (const [c, name] of names.entries()) {
    const column = valuesOf(table, name);
    if (column === undefined)
      throw new Refusal(400, `This table has no gene or column "${name.slice(0, 60)}".`);
    for (const [i, row] of rows.entries()) data[i * names.length + c] = column[row]!;
  }
  return matrix(rows.length, names.length, data);
}

/** @throws Refusal for rows or names that the table does not have, and for too many values. */
export async function exportRows(table: LoadedTable, request: TableExport): Promise<Uint8Array> {
  const rows = chosenRows(table, request.rows);
  const names = request.names ?? (table.genes.length > 0 ? table.genes : [...table.columns.keys()]);
  if (new Set(names).size !== names.length) throw new Refusal(400, 'A gene may be asked for once.');
  const values = valuesAt(table, rows, names);
  const spots = rows.map((row) => {
    return { barcode: table.barcodes[row]!, x: table.positions[2 * row]!, y: table.positions[2 * row + 1]! };
  });
  if (request.format === 'csv') return Buffer.from(spotsToCsv({ spots, names, values }));
  if (request.format === 'geojson')
    return Buffer.from(spotsToGeoJson({ spots, names, values }, { diameterPx: table.sizePx }));
  const path = join(tmpdir(), `mvhybrid-export-${randomBytes(8).toString('hex')}.h5ad`);
  try {
    await writeExpressionH5ad(path, {
      barcodes: makeNamesUnique(spots.map(({ barcode }) => barcode)),
      genes: names,
      values,
      spatial: spots,
      spotDiameterPx: table.sizePx,
      uns: { mvhybrid: { ...request.note, transform: table.unit } },
    });
    return Uint8Array.from(await readFile(path));
  } finally {
    await rm(path, { force: true });
  }
}
