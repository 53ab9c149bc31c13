/** Unstructured data: settings, scale factors, pictures. */
import { DataError } from '../../errors.ts';
import type { Hdf5File } from '../hdf5/hdf5-file.ts';
import type { Hdf5Item, Hdf5Values } from '../hdf5/hdf5-messages.ts';
import type { ArrayValue, UnsValue } from './h5ad-types.ts';

/** Deeper nesting than this is a loop of links. */
const MAX_DEPTH = 32;

/**
 * Reads what lies at a path: one value, one array, or a group with all below it. Parts that are no values (links,
 * types without an equivalent) are left out.
 *
 * @throws DataError when nothing lies there, it cannot be read, or groups nest more than 32 deep.
 */
export async function readUns(file: Hdf5File, path: string): Promise<UnsValue> {
  const item = await file.item(path);
  const value = item && (await unsValueOf(file, item, 0));
  if (value !== undefined) return value;
  throw new DataError(file.operation, { need: `a value at "${path}"`, found: `none in ${file.path}` });
}

async function unsValueOf(file: Hdf5File, item: Hdf5Item, depth: number): Promise<UnsValue | undefined> {
  if (depth > MAX_DEPTH) {
    throw new DataError(file.operation, {
      need: `groups nested at most ${MAX_DEPTH} deep`,
      found: `more at "${item.path}" in ${file.path}`,
    });
  }
  if (item.kind === 'group') {
    const entries: Record<string, UnsValue> = {};
    for (const child of await file.children(item.path)) {
      const value = await unsValueOf(file, child, depth + 1);
      if (value !== undefined) entries[child.name] = value;
    }
    return entries;
  }
  if (item.kind !== 'dataset' || item.type === 'reference' || item.type === 'other') return undefined;
  return fromValues(await file.values(item.path), item.shape);
}

function fromValues(values: Hdf5Values, shape: readonly number[]): UnsValue {
  const single = shape.length === 0;
  switch (values.kind) {
    case 'strings':
      return single ? (values.data[0] ?? '') : values.data;
    case 'booleans':
      return single ? values.data[0] === 1 : { shape, data: values.data };
    case 'numbers':
      return single ? Number(values.data[0]) : { shape, data: arrayOf(values.data) };
    case 'records':
      return Object.fromEntries(
        values.fields.map(({ name, width, values: column }) => [
          name,
          column instanceof Float64Array ? { shape: [column.length / width, width], data: column } : column,
        ]),
      );
  }
}

function arrayOf(data: Extract<Hdf5Values, { kind: 'numbers' }>['data']): ArrayValue['data'] {
  if (data instanceof Uint8Array || data instanceof Float32Array || data instanceof Float64Array) return data;
  if (data instanceof Int32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return data instanceof Uint32Array ? Float64Array.from(data) : Int32Array.from(data);
}
