/** Sections of the Spatial Transcriptomics kind: a table of counts, a table of spots, an image. */
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import { readNamedCounts } from './counts-table.ts';
import { firstDuplicate } from './names.ts';
import { listFolder, requireFile, requireFolder } from './paths.ts';
import { findImage } from './section-image.ts';
import { readSectionMeta, type SectionMeta } from './section-meta.ts';
import {
  givenPixelSize,
  joinSpots,
  type PixelSize,
  recordedChanges,
  type SectionOptions,
  sectionName,
} from './section-options.ts';
import { transformSpots } from './spot-alignment.ts';
import { finiteNumber, parseTable, readText } from './text-file.ts';
import type { Section, Spot } from './types.ts';

const OPERATION = 'readStSection';

/**
 * Reads a section folder with
 * - `counts.tsv`, `counts.csv` or `counts.txt` (or `.gz`): see readCountsTable;
 * - `spots.csv` or `spots.tsv`: columns `barcode`, `px`, `py` (centre, image pixels), and optionally
 *   `array_x`, `array_y`; other columns are ignored;
 * - one image;
 * - `meta.json` here (`{"um_per_px": 0.5}`) or in the folder above (`{"<folder name>": {"um_per_px": 0.5}}`),
 *   unless `options.mpp` is given.
 *
 * Spots keep the order of the spot table. Spots without counts are left out and counted in `dropped`.
 *
 * @throws UsageError when the folder or the image named does not exist, or mpp is not positive.
 * @throws DataError when a file is absent or damaged, or counts name a barcode that no spot has.
 */
export async function readStSection(folder: string, options: SectionOptions = {}): Promise<Section> {
  await requireFolder(folder, OPERATION, 'a section folder');
  const given = givenPixelSize(options, OPERATION);
  const names = await listFolder(folder);
  const countsPath = findTable(
    folder,
    names,
    /^counts\.(tsv|csv|txt)(\.gz)?$/,
    'counts.tsv, counts.csv or .gz of them',
  );
  const spotsPath = findTable(folder, names, /^spots\.(csv|tsv)$/, 'spots.csv or spots.tsv');
  const imagePath = await findImage(options.imagePath, [folder], OPERATION);
  const meta = await readSectionMeta(folder);
  const size = given ?? pixelSize(meta, folder);
  const spots = transformSpots(await readStSpots(spotsPath), options.transform, OPERATION);
  const read = await readNamedCounts(countsPath, options.duplicateGenes);
  const unplaced = options.unplacedCounts ?? 'error';
  const joined = joinSpots(spots, read.counts, { operation: OPERATION, folder, unplaced });
  const id = options.id ?? sectionName(folder);
  const patient = options.patient ?? meta?.patient ?? id;
  const described = { id, patient, study: options.study ?? id, imagePath };
  return { ...described, ...size, ...joined, ...recordedChanges(options, read) };
}

function findTable(folder: string, names: readonly string[], pattern: RegExp, need: string): string {
  const found = names.filter((name) => pattern.test(name));
  if (found.length === 1) return join(folder, found[0]!);
  throw new DataError(OPERATION, {
    need: `one ${need}`,
    found: `${found.length === 0 ? 'none' : found.join(' and ')} in ${folder}`,
  });
}

function pixelSize(meta: SectionMeta | undefined, folder: string): PixelSize {
  if (meta !== undefined) return { mpp: meta.mpp, mppSource: meta.source };
  throw new DataError(OPERATION, {
    need: 'the pixel size in micrometres',
    found: `no meta.json entry for ${folder}`,
    next: 'add meta.json with um_per_px, or give mpp',
  });
}

/**
 * Reads `spots.csv` (or `.tsv`): `barcode`, `px`, `py`, optionally `array_x` (column) and `array_y` (row).
 *
 * @throws UsageError when the path does not exist.
 * @throws DataError for missing columns, repeated barcodes, or positions that are no numbers.
 */
export async function readStSpots(path: string): Promise<Spot[]> {
  await requireFile(path, 'readStSpots', 'a table of spots');
  const separator = path.endsWith('.tsv') ? '\t' : ',';
  const table = parseTable(await readText(path, 'readStSpots'), separator, 'readStSpots', path);
  const missing = ['barcode', 'px', 'py'].filter((name) => !table.columns.includes(name));
  if (missing.length > 0) {
    throw new DataError('readStSpots', {
      need: 'the columns barcode, px and py',
      found: `no ${missing.join(', ')} in ${path}`,
    });
  }
  const spots = table.rows.map((row) => asSpot(row, path));
  const twice = firstDuplicate(spots.map(({ barcode }) => barcode));
  if (twice === undefined) return spots;
  throw new DataError('readStSpots', {
    need: 'each barcode once',
    found: `"${twice}" more than once in ${path}`,
  });
}

function asSpot(row: Readonly<Record<string, string>>, path: string): Spot {
  const barcode = row.barcode!;
  const x = finiteNumber(row.px);
  const y = finiteNumber(row.py);
  if (x === undefined || y === undefined) {
    throw new DataError('readStSpots', {
      need: 'numbers in px and py',
      found: `"${row.px}" and "${row.py}" at barcode "${barcode}" in ${path}`,
    });
  }
  const arrayRow = finiteNumber(row.array_y);
  const arrayCol = finiteNumber(row.array_x);
  return {
    barcode,
    x,
    y,
    ...(arrayRow === undefined || arrayCol === undefined ? {} : { arrayRow, arrayCol }),
  };
}
