/** AnnData files, measured or predicted; no image is needed. */
import type { TableKind } from '../../contract/index.ts';
import { DataError } from '../../errors.ts';
import {
  columnAsNumbers,
  type H5adFile,
  type SpotTransform,
  transformSpots,
  withH5ad,
} from '../../spatial/index.ts';
import { makeNamesUnique } from '../../spatial/names.ts';
import { denseGenes, type GeneStore, sparseGenes } from './gene-store.ts';
import { isPatchName, LOG_COUNTS, type LoadedTable, likelySizePx } from './loaded-table.ts';

const OPERATION = 'table';

/** Places of all rows, from `obsm/spatial` or the columns of Space Ranger. */
async function placesOf(file: H5adFile, rows: number): Promise<Float32Array> {
  const named = (await file.obsmNames()).find((name) => name === 'spatial' || name === 'X_spatial');
  if (named !== undefined) {
    const { rows: found, cols, data } = await file.obsm(named);
    if (found === rows && cols >= 2 && data.every(Number.isFinite))
      return Float32Array.from({ length: 2 * rows }, (_, i) => data[(i >> 1) * cols + (i & 1)]!);
  }
  const [x, y] = [await numbersOf(file, 'pxl_col_in_fullres'), await numbersOf(file, 'pxl_row_in_fullres')];
  if (named === undefined && x?.length === rows && y?.length === rows)
    return Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1]!);
  throw new DataError(OPERATION, {
    need: `the places of ${rows} spots in obsm/spatial`,
    found: `${named === undefined ? 'none' : 'other or unfinished numbers'} in ${file.path}`,
    next: 'only spatial data can be laid on a slide',
  });
}

async function numbersOf(file: H5adFile, name: string): Promise<Float64Array | undefined> {
  const names = await file.obs.columnNames();
  return names.includes(name) ? columnAsNumbers(await file.obs.column(name)) : undefined;
}

/** `spot_diameter_fullres` of the first library in `uns/spatial`. */
async function diameterOf(file: H5adFile): Promise<number | undefined> {
  if (!(await file.hasUns('spatial'))) return undefined;
  for (const library of await file.unsNames('spatial')) {
    const path = `spatial/${library}/scalefactors/spot_diameter_fullres`;
    if (!(await file.hasUns(path))) continue;
    const value = await file.uns(path);
    const number =
      typeof value === 'object' && 'data' in value ? Number((value.data as Float64Array)[0]) : Number(value);
    if (number > 0 && Number.isFinite(number)) return number;
  }
  return undefined;
}

/** What a file of this package says of itself; empty for others. */
export async function cardOf(file: H5adFile): Promise<Record<string, string>> {
  const card: Record<string, string> = {};
  if (!(await file.hasUns('mvhybrid'))) return card;
  for (const name of await file.unsNames('mvhybrid')) {
    const value = await file.uns(`mvhybrid/${name}`);
    if (typeof value === 'string') card[name] = value;
  }
  return card;
}

/** The matrix, kept rows only. Whole numbers are counts and shown as ln(1 + count); others as they are. */
async function genesOf(
  file: H5adFile,
  kept: Int32Array | undefined,
  kind: TableKind,
): Promise<{ store: GeneStore; isCounts: boolean }> {
  const matrix = await file.matrix();
  const { cols, data } = matrix;
  const isCounts = kind === 'measured' && data.every((v) => v >= 0 && Number.isInteger(v));
  const map = isCounts ? Math.log1p : (v: number) => v;
  const rows = kept?.length ?? matrix.rows;
  if (matrix.kind === 'csr') return { store: sparseGenes(keepSparse(matrix, kept), map), isCounts };
  if (kept === undefined) return { store: denseGenes({ rows, cols, data }, map), isCounts };
  const part = new Float32Array(rows * cols);
  for (const [i, r] of kept.entries()) part.set(data.subarray(r * cols, (r + 1) * cols), i * cols);
  return { store: denseGenes({ rows, cols, data: part }, map), isCounts };
}

type Sparse = Parameters<typeof sparseGenes>[0];

function keepSparse(matrix: Sparse, kept: Int32Array | undefined): Sparse {
  if (kept === undefined) return matrix;
  const { indptr, indices, data, cols } = matrix;
  const starts = new Int32Array(kept.length + 1);
  for (const [i, r] of kept.entries()) starts[i + 1] = starts[i]! + indptr[r + 1]! - indptr[r]!;
  const [columns, values] = [new Int32Array(starts.at(-1)!), new Float64Array(starts.at(-1)!)];
  for (const [i, r] of kept.entries()) {
    for (let k = indptr[r]!, to = starts[i]!; k < indptr[r + 1]!; k++, to++) {
      columns[to] = indices[k]!;
      values[to] = data[k]!;
    }
  }
  return { rows: kept.length, cols, indptr: starts, indices: columns, data: values };
}

/** Columns of `obs` with a number for every row, those of the position aside. */
async function columnsOf(file: H5adFile, kept: Int32Array | undefined): Promise<Map<string, Float32Array>> {
  const columns = new Map<string, Float32Array>();
  for (const name of await file.obs.columnNames()) {
    if (/^(in_tissue|array_(row|col)|pxl_(row|col)_in_fullres)$/.test(name)) continue;
    const column = await file.obs.column(name);
    const numbers = column.kind === 'categorical' ? undefined : columnAsNumbers(column);
    if (numbers === undefined) continue;
    columns.set(
      name,
      kept === undefined ? Float32Array.from(numbers) : Float32Array.from(kept, (r) => numbers[r]!),
    );
  }
  return columns;
}

/** Spots with `in_tissue` 0 are left out. Repeated gene names get `-1`, `-2` ... */
export async function loadH5ad(
  path: string,
  kind: TableKind,
  transform?: SpotTransform,
): Promise<LoadedTable> {
  return withH5ad(
    path,
    async (file) => {
      const names = await file.obs.index();
      const all = await placesOf(file, names.length);
      const inTissue = await numbersOf(file, 'in_tissue');
      const inside = names.map((_, i) => i).filter((i) => inTissue?.[i] !== 0);
      const kept = inside.length === names.length ? undefined : Int32Array.from(inside);
      const spots = inside.map((i) => ({ barcode: names[i]!, x: all[2 * i]!, y: all[2 * i + 1]! }));
      const moved = transformSpots(spots, transform, OPERATION);
      const positions = Float32Array.from(moved.flatMap(({ x, y }) => [x, y]));
      const card = await cardOf(file);
      const shape = isPatchName(spots[0]?.barcode ?? '') ? 'square' : 'disc';
      const { store, isCounts } = await genesOf(file, kept, kind);
      return {
        barcodes: spots.map(({ barcode }) => barcode),
        positions,
        genes: makeNamesUnique([...(await file.var.index())]),
        store,
        columns: await columnsOf(file, kept),
        unit: isCounts || kind === 'predicted' ? (card.transform ?? LOG_COUNTS) : 'as stored',
        shape,
        sizePx: ((await diameterOf(file)) ?? likelySizePx(positions, shape)) * (transform?.scale ?? 1),
      };
    },
    OPERATION,
  );
}
