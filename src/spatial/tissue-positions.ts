/** Space Ranger's spot table, as text (1.x to 3.x) or Parquet (Visium HD). */
import { basename, join } from 'node:path';
import { DataError } from '../errors.ts';
import { firstDuplicate } from './names.ts';
import { openParquet, parquetNumbers, parquetText } from './parquet/parquet-file.ts';
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

/** Names of the table, the newest first. */
const FILES = ['tissue_positions.parquet', 'tissue_positions.csv', 'tissue_positions_list.csv'];

/**
 * Reads the spot table of a `spatial` folder: `tissue_positions.parquet` (Visium HD), `tissue_positions.csv` (2.x and
 * later), `tissue_positions_list.csv` (1.x). The newest wins where several are present, as Space Ranger itself
 * writes only one.
 *
 * @throws DataError when there is none, a line has other than six fields or no numbers, or a barcode repeats.
 * @source 10x Genomics, "Spatial Outputs".
 */
export async function readTissuePositions(spatialFolder: string): Promise<TissuePosition[]> {
  const names = await listFolder(spatialFolder);
  const name = FILES.find((file) => names.includes(file));
  if (name === undefined) {
    throw new DataError(OPERATION, {
      need: `${FILES.slice(0, 2).join(', ')} or ${FILES[2]}`,
      found: `none in ${spatialFolder}`,
      next: 'give the complete spatial folder',
    });
  }
  const path = join(spatialFolder, name);
  const spots = name.endsWith('.parquet') ? await readParquetPositions(path) : await readCsvPositions(path);
  const twice = firstDuplicate(spots.map(({ barcode }) => barcode));
  if (twice === undefined) return spots;
  throw new DataError(OPERATION, {
    need: 'each barcode once',
    found: `"${twice}" more than once in ${path}`,
  });
}

async function readCsvPositions(path: string): Promise<TissuePosition[]> {
  const lines = splitLines(await readText(path, OPERATION));
  return dataLines(lines, path).map((line) => {
    const fields = splitFields(line, ',');
    const numbers = fields.slice(1).map((field) => finiteNumber(field) ?? Number.NaN);
    return asPosition(fields[0]!, numbers, path);
  });
}

async function readParquetPositions(path: string): Promise<TissuePosition[]> {
  const file = await openParquet(path, OPERATION);
  try {
    const spots: TissuePosition[] = [];
    for await (const block of file.blocks(COLUMNS)) {
      const barcodes = parquetText(block.barcode!);
      const columns = COLUMNS.slice(1).map((column) => parquetNumbers(block[column]!));
      for (const [i, barcode] of barcodes.entries()) {
        const numbers = columns.map((column) => column[i]!);
        spots.push(asPosition(barcode, numbers, path));
      }
    }
    return spots;
  } finally {
    await file.close();
  }
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

function asPosition(barcode: string, numbers: readonly number[], path: string): TissuePosition {
  const [inTissue, arrayRow, arrayCol, y, x] = numbers;
  const complete = numbers.length === COLUMNS.length - 1 && numbers.every((value) => Number.isFinite(value));
  if (!complete || barcode === '' || (inTissue !== 0 && inTissue !== 1)) {
    throw new DataError(OPERATION, {
      need: `lines of ${COLUMNS.join(',')} with in_tissue 0 or 1`,
      found: `"${[barcode, ...numbers].join(',').slice(0, 100)}" in ${path}`,
    });
  }
  return { barcode, x: x!, y: y!, arrayRow: arrayRow!, arrayCol: arrayCol!, inTissue: inTissue === 1 };
}
