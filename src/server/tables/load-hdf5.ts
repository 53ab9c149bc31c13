/** Embedding files of `embed` and coordinates of `tile`, CLAM and TRIDENT, read by the guarded HDF5 worker. */
import { DataError } from '../../errors.ts';
import { type Hdf5File, withHdf5 } from '../../spatial/hdf5/hdf5-file.ts';
import { checkSize } from './gene-store.ts';
import { isPatchName, type LoadedTable, likelySizePx } from './loaded-table.ts';

const OPERATION = 'table';

/** Upper left corners, two numbers a row. */
async function cornersOf(file: Hdf5File, rows: number): Promise<Float64Array> {
  const corners = await file.numbers('coords');
  if (corners.length === 2 * rows) return Float64Array.from(corners);
  throw new DataError(OPERATION, {
    need: `the places of ${rows} patches in "coords"`,
    found: `${corners.length / 2} in ${file.path}`,
  });
}

/** Settings in the root's attribute; empty for files of other tools. */
export async function settingsOf(file: Hdf5File): Promise<Record<string, string>> {
  const text = (await file.item(''))?.attributes.mvhybrid;
  if (typeof text !== 'string') return {};
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return {};
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
}

/** Side of a patch on the slide, from whichever of the settings there are. */
function sideOf(settings: Readonly<Record<string, string>>): number | undefined {
  const { sidePx, patchUm, mpp } = settings;
  const side = sidePx === undefined ? Math.round(Number(patchUm) / Number(mpp)) : Number(sidePx);
  return side > 0 && Number.isFinite(side) ? side : undefined;
}

const centres = (corners: Float64Array, side: number) =>
  Float32Array.from(corners, (value) => value + side / 2);

/** Rows with a feature vector each. */
export function loadEmbedding(path: string): Promise<LoadedTable> {
  return withHdf5(path, OPERATION, async (file) => {
    const { shape } = await file.dataset('embeddings');
    const [rows, width] = shape;
    if (shape.length !== 2 || rows === undefined || width === undefined)
      throw new DataError(OPERATION, {
        need: '"embeddings" of two axes',
        found: `${shape.length} in ${path}`,
      });
    checkSize(rows * width);
    const barcodes = await file.strings('barcodes');
    const corners = await cornersOf(file, rows);
    const vectors = { data: Float32Array.from(await file.numbers('embeddings')), width };
    const isPatches = isPatchName(barcodes[0] ?? '');
    const side = sideOf(await settingsOf(file)) ?? likelySizePx(Float32Array.from(corners), 'square');
    return {
      barcodes,
      positions: centres(corners, side),
      genes: [],
      columns: new Map(),
      unit: '',
      shape: isPatches ? 'square' : 'disc',
      sizePx: side,
      vectors,
    };
  });
}

/** First number of an attribute. */
function numberOf(value: unknown): number | undefined {
  const one = Array.isArray(value) ? value[0] : value;
  return typeof one === 'number' && one > 0 ? one : undefined;
}

/** Places of patches with a number each per column. */
export function loadPatches(path: string): Promise<LoadedTable> {
  return withHdf5(path, OPERATION, async (file) => {
    const { shape, attributes } = await file.dataset('coords');
    const rows = shape[0] ?? 0;
    const corners = await cornersOf(file, rows);
    const columns = new Map<string, Float32Array>();
    for (const item of await file.children('')) {
      const isColumn = item.kind === 'dataset' && item.shape.length === 1 && item.shape[0] === rows;
      if (isColumn && item.type.startsWith('float'))
        columns.set(item.name, Float32Array.from(await file.numbers(item.name)));
    }
    const downsample = numberOf(attributes.downsample) ?? 1;
    const side =
      numberOf(attributes.patch_size_level0) ??
      Math.round((numberOf(attributes.patch_size) ?? 0) * downsample);
    const sizePx = side > 0 ? side : likelySizePx(Float32Array.from(corners), 'square');
    return {
      barcodes: Array.from({ length: rows }, (_, i) => `${corners[2 * i]}_${corners[2 * i + 1]}`),
      positions: centres(corners, sizePx),
      genes: [],
      columns,
      unit: '',
      shape: 'square',
      sizePx,
    };
  });
}
