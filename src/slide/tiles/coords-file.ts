/** Patch coordinates in HDF5, in the layouts of CLAM and TRIDENT. */
import { open } from 'node:fs/promises';
import { Dataset, File, ready } from 'h5wasm/node';
import { writeAtomically } from '../../core/atomic-file.ts';
import { DataError, UsageError } from '../../errors.ts';
import { oneLine } from '../pixels.ts';

/** Layouts of the file: both hold `coords` (level-0 corners); their attributes differ. */
export const COORDS_LAYOUTS = ['clam', 'trident'] as const;

/** One of {@link COORDS_LAYOUTS}. */
export type CoordsLayout = (typeof COORDS_LAYOUTS)[number];

/** Value of an attribute: numbers, a list of numbers, or text. */
export type CoordsAttribute = number | readonly number[] | string;

/** Patches of one slide. */
export interface CoordsTable {
  readonly layout: CoordsLayout;
  /** x0, y0, x1, y1, ...: upper left corners, level-0 pixels. */
  readonly corners: Float64Array;
  /** Side on the slide, level-0 pixels. */
  readonly sidePx: number;
  /** Side of the patch as it is to be delivered, pixels. */
  readonly sizePx: number;
  readonly attributes: ReadonlyMap<string, CoordsAttribute>;
  /** Further columns, one number per patch, such as `tissue_share`. */
  readonly columns: ReadonlyMap<string, Float32Array>;
}

const SIGNATURE = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
/** Rows per chunk of the growing first axis. */
const CHUNK_ROWS = 4096;

/** Which attributes of a layout are whole numbers; all other numbers are written as doubles. */
const WHOLE = new Set([
  'patch_size',
  'patch_level',
  'patch_size_level0',
  'overlap',
  'level0_width',
  'level0_height',
  'level_dim',
  'downsampled_level_dim',
]);

/** Writes the table; the file appears whole or not at all. */
export async function writeCoords(path: string, table: CoordsTable): Promise<void> {
  const rows = table.corners.length / 2;
  await writeAtomically(path, async (temporary) => {
    await ready;
    const file = new File(temporary, 'w');
    try {
      file.create_dataset({
        name: 'coords',
        data: BigInt64Array.from(table.corners, (value) => BigInt(Math.round(value))),
        shape: [rows, 2],
        maxshape: [null, 2],
        chunks: [Math.max(1, Math.min(CHUNK_ROWS, rows)), 2],
        dtype: '<q',
      });
      const coords = file.get('coords') as Dataset;
      for (const [name, value] of table.attributes) writeAttribute(coords, name, value);
      for (const [name, data] of table.columns)
        file.create_dataset({ name, data, shape: [rows], dtype: '<f' });
    } finally {
      file.close();
    }
  });
}

function writeAttribute(target: Dataset, name: string, value: CoordsAttribute): void {
  if (typeof value === 'string') {
    target.create_attribute(name, value);
    return;
  }
  const values = typeof value === 'number' ? [value] : [...value];
  const shape = typeof value === 'number' ? [] : [values.length];
  if (WHOLE.has(name)) target.create_attribute(name, BigInt64Array.from(values, BigInt), shape, '<q');
  else target.create_attribute(name, Float64Array.from(values), shape, '<d');
}

/**
 * Reads coordinates written by CLAM, TRIDENT or {@link writeCoords}. The layout is told by the attributes:
 * TRIDENT states `patch_size_level0`, CLAM `patch_level` (and `downsample`, from which the side on the slide
 * follows).
 *
 * @throws UsageError if there is no readable file.
 * @throws DataError  if it is no HDF5 file, has no `coords` of N x 2 numbers, or lacks the attributes.
 */
export async function readCoords(path: string): Promise<CoordsTable> {
  await checkSignature(path);
  const module = await ready;
  module.activate_throwing_error_handler();
  let file: File | undefined;
  try {
    file = new File(path, 'r');
    return tableFrom(path, file);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw damaged(path, oneLine(cause), cause);
  } finally {
    module.deactivate_throwing_error_handler();
    file?.close();
  }
}

async function checkSignature(path: string): Promise<void> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    const found = `nothing readable at ${path}`;
    throw new UsageError('readCoords', { need: 'a file of patch coordinates', found, cause });
  });
  try {
    const { buffer } = await handle.read({ buffer: Buffer.alloc(8), position: 0 });
    if (!buffer.equals(SIGNATURE)) throw damaged(path, 'no HDF5 signature');
  } finally {
    await handle.close();
  }
}

function damaged(path: string, why: string, cause?: unknown): DataError {
  return new DataError('readCoords', {
    need: 'an HDF5 file with patch coordinates as CLAM or TRIDENT write them',
    found: `${path} (${why})`,
    next: 'make the coordinates again',
    ...(cause === undefined ? {} : { cause }),
  });
}

function tableFrom(path: string, file: File): CoordsTable {
  const coords = file.keys().includes('coords') ? file.get('coords') : undefined;
  if (!(coords instanceof Dataset)) throw damaged(path, 'no data set "coords"');
  const { shape } = coords;
  const values = coords.value as unknown;
  const isTable = shape?.length === 2 && shape[1] === 2 && ArrayBuffer.isView(values);
  if (!isTable) throw damaged(path, `"coords" of shape ${shape?.join(' x ')}`);
  const corners = Float64Array.from(values as unknown as ArrayLike<number | bigint>, Number);
  const attributes = readAttributes(coords);
  return { ...sidesFrom(path, attributes), corners, attributes, columns: readColumns(file, shape[0]!) };
}

function readAttributes(coords: Dataset): Map<string, CoordsAttribute> {
  const found = new Map<string, CoordsAttribute>();
  for (const [name, { value }] of Object.entries(coords.attrs)) {
    const plain = value as unknown;
    if (typeof plain === 'string') found.set(name, plain);
    else if (typeof plain === 'number' || typeof plain === 'bigint') found.set(name, Number(plain));
    else if (ArrayBuffer.isView(plain))
      found.set(name, Array.from(plain as unknown as ArrayLike<number | bigint>, Number));
  }
  return found;
}

function sidesFrom(
  path: string,
  attributes: ReadonlyMap<string, CoordsAttribute>,
): Pick<CoordsTable, 'layout' | 'sidePx' | 'sizePx'> {
  const number = (name: string): number | undefined => {
    const value = attributes.get(name);
    const one = typeof value === 'object' ? value[0] : value;
    return typeof one === 'number' && one > 0 ? one : undefined;
  };
  const sizePx = number('patch_size');
  if (sizePx === undefined) throw damaged(path, 'no attribute "patch_size"');
  const sidePx = number('patch_size_level0');
  if (sidePx !== undefined) return { layout: 'trident', sidePx, sizePx };
  if (!attributes.has('patch_level')) throw damaged(path, 'neither "patch_size_level0" nor "patch_level"');
  const level = attributes.get('patch_level');
  const downsample = number('downsample') ?? (level === 0 ? 1 : undefined);
  if (downsample === undefined) throw damaged(path, 'no attribute "downsample" for its patch_level');
  return { layout: 'clam', sidePx: Math.round(sizePx * downsample), sizePx };
}

function readColumns(file: File, rows: number): Map<string, Float32Array> {
  const columns = new Map<string, Float32Array>();
  for (const name of file.keys()) {
    const item = file.get(name);
    if (name === 'coords' || !(item instanceof Dataset)) continue;
    const value = item.value as unknown;
    if (item.shape?.length === 1 && item.shape[0] === rows && value instanceof Float32Array)
      columns.set(name, value);
  }
  return columns;
}
