/** Space Ranger's spot table: `tissue_positions_list.csv` (1.x) and `tissue_positions.csv` (2.x). */
import { basename, join } from 'node:path';
import { DataError } from '../errors.ts';
import { firstDuplicate } from './names.ts';
import { listFolder } from './paths.ts';
import { finiteNumber, readText, splitFields, splitLines } from './text-file.ts';
import type { Spot } from './types.ts';

const OPERATION = 'readTissuePositions';

/** Column order in both versions; rows (y) stand before columns (x). */
const COLUMNS = [
  'barcode',
  'in_tissue',
  'array_row',
  'array_col',
  'pxl_row_in_fullres',
  'pxl_col_in_fullres',
];

/** A spot of the capture area with its place in the array. */
export interface TissuePosition extends Spot {
  readonly arrayRow: number;
  readonly arrayCol: number;
  readonly inTissue: boolean;
}

/**
 * Reads the spot table of a `spatial` folder. The version 2 file wins where both are present, as Space Ranger
 * itself writes only one.
 *
 * @throws DataError when there is none, a line has other than six fields or no numbers, or a barcode repeats.
 * @source 10x Genomics, "Spatial Outputs".
 */
export async function readTissuePositions(spatialFolder: string): Promise<TissuePosition[]> {
  const names = await listFolder(spatialFolder);
  const name = ['tissue_positions.csv', 'tissue_positions_list.csv'].find((file) => names.includes(file));
  if (name === undefined) {
    const hd = names.includes('tissue_positions.parquet');
    throw new DataError(OPERATION, {
      need: 'tissue_positions.csv or tissue_positions_list.csv',
      found: `${hd ? 'only tissue_positions.parquet (Visium HD)' : 'none'} in ${spatialFolder}`,
      next: hd ? 'convert the parquet table to tissue_positions.csv' : 'give the complete spatial folder',
    });
  }
  const path = join(spatialFolder, name);
  const lines = splitLines(await readText(path, OPERATION));
  const spots = dataLines(lines, path).map((line) => asPosition(line, path));
  const twice = firstDuplicate(spots.map(({ barcode }) => barcode));
  if (twice === undefined) return spots;
  throw new DataError(OPERATION, {
    need: 'each barcode once',
    found: `"${twice}" more than once in ${path}`,
  });
}

/** Only version 2 has a header; its columns must be those known, in their order. */
function dataLines(lines: readonly string[], path: string): readonly string[] {
  const header = basename(path) === 'tissue_positions.csv';
  if (!header) return lines;
  if (lines[0] === COLUMNS.join(',')) return lines.slice(1);
  throw new DataError(OPERATION, {
    need: `the header ${COLUMNS.join(',')}`,
    found: `"${(lines[0] ?? '').slice(0, 100)}" in ${path}`,
  });
}

function asPosition(line: string, path: string): TissuePosition {
  const fields = splitFields(line, ',');
  const [inTissue, arrayRow, arrayCol, y, x] = fields.slice(1).map((field) => finiteNumber(field));
  const complete = arrayRow !== undefined && arrayCol !== undefined && x !== undefined && y !== undefined;
  if (fields.length !== COLUMNS.length || !complete || (inTissue !== 0 && inTissue !== 1)) {
    throw new DataError(OPERATION, {
      need: `lines of ${COLUMNS.join(',')} with in_tissue 0 or 1`,
      found: `"${line.slice(0, 100)}" in ${path}`,
    });
  }
  return { barcode: fields[0]!, x, y, arrayRow, arrayCol, inTissue: inTissue === 1 };
}
