/** Tables of predictions as text: `barcode,x_px,y_px` (or `x,y`), then a number per gene. */
import { DataError } from '../../errors.ts';
import { firstDuplicate } from '../../spatial/names.ts';
import { readText, splitFields } from '../../spatial/text-file.ts';
import { checkSize, denseGenes } from './gene-store.ts';
import { isPatchName, LOG_COUNTS, type LoadedTable, likelySizePx, patchSide } from './loaded-table.ts';

const OPERATION = 'table';

/** Whether a first line is that of such a table. */
export function isPredictionHeader(line: string): boolean {
  const [barcode, x, y] = splitFields(line.replace(/^\uFEFF/, '').trim(), ',');
  return barcode === 'barcode' && ((x === 'x_px' && y === 'y_px') || (x === 'x' && y === 'y'));
}

/** @throws DataError for another first line, lines of other lengths, or text where numbers belong. */
export async function loadCsv(path: string): Promise<LoadedTable> {
  const text = await readText(path, OPERATION);
  const lines = text.split('\n');
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  const header = lines[0]?.trimEnd() ?? '';
  if (!isPredictionHeader(header)) {
    throw new DataError(OPERATION, {
      need: 'a first line that begins with barcode,x_px,y_px',
      found: `"${header.slice(0, 60)}" in ${path}`,
      next: 'give predictions.csv as `mvhybrid predict` writes it',
    });
  }
  const genes = splitFields(header, ',').slice(3);
  const twice = firstDuplicate(genes);
  if (twice !== undefined)
    throw new DataError(OPERATION, {
      need: 'every gene once',
      found: `"${twice}" more than once in ${path}`,
    });
  const rows = lines.length - 1;
  checkSize(rows * genes.length);
  const barcodes: string[] = [];
  const positions = new Float32Array(2 * rows);
  const data = new Float32Array(rows * genes.length);
  for (let r = 0; r < rows; r++) {
    const fields = splitFields(lines[r + 1]!.trimEnd(), ',');
    const numbers = fields.slice(1).map((field) => (field === '' ? Number.NaN : Number(field)));
    const isBad = (value: number, i: number) => Number.isNaN(value) && (i < 2 || fields[i + 1] !== '');
    if (fields.length !== genes.length + 3 || numbers.some(isBad)) {
      throw new DataError(OPERATION, {
        need: `a name and ${genes.length + 2} numbers in every line`,
        found: `something else in line ${r + 2} of ${path}`,
      });
    }
    barcodes.push(fields[0]!);
    positions.set(numbers.slice(0, 2), 2 * r);
    data.set(numbers.slice(2), r * genes.length);
  }
  const shape = isPatchName(barcodes[0] ?? '') ? 'square' : 'disc';
  const sizePx = patchSide(barcodes[0], positions[0]) ?? likelySizePx(positions, shape);
  const store = denseGenes({ rows, cols: genes.length, data });
  return { barcodes, positions, genes, store, columns: new Map(), unit: LOG_COUNTS, shape, sizePx };
}
