/** Columns of `obs` and `var` in every encoding that AnnData has had. */
import { DataError } from '../../errors.ts';
import type { Hdf5File } from '../hdf5/hdf5-file.ts';
import type { Hdf5Field, Hdf5Item, Hdf5Values, NumberType } from '../hdf5/hdf5-messages.ts';
import type { CategoricalColumn, H5adColumn, NumberColumn, PlainColumn } from './h5ad-types.ts';

function refuse(file: Hdf5File, need: string, found: string): never {
  throw new DataError(file.operation, { need, found: `${found} in ${file.path}` });
}

/** @throws DataError for 64-bit integers that a double cannot hold, or records. */
export function plainColumn(file: Hdf5File, path: string, values: Hdf5Values): PlainColumn {
  switch (values.kind) {
    case 'strings':
      return { kind: 'strings', values: values.data };
    case 'booleans':
      return { kind: 'booleans', values: values.data };
    case 'numbers': {
      const numbers = Float64Array.from(values.data as ArrayLike<number | bigint>, Number);
      const wide = values.data instanceof BigInt64Array || values.data instanceof BigUint64Array;
      if (wide && numbers.some((value) => !Number.isSafeInteger(value))) {
        refuse(file, 'whole numbers of at most 2^53', `larger ones in "${path}"`);
      }
      return { kind: 'numbers', type: values.type, values: numbers };
    }
    case 'records':
      return refuse(file, `a column at "${path}"`, 'a table of records');
  }
}

/** Reads one column of a group that holds them, whatever its encoding. */
export async function readColumn(file: Hdf5File, item: Hdf5Item): Promise<H5adColumn> {
  if (item.kind === 'group') return readGroupColumn(file, item);
  if (item.kind !== 'dataset') return refuse(file, `a column at "${item.path}"`, 'something else');
  if (item.shape.length !== 1) refuse(file, `one axis in "${item.path}"`, `${item.shape.length}`);
  const column = plainColumn(file, item.path, await file.values(item.path));
  const { categories } = item.attributes;
  if (typeof categories !== 'object' || !('path' in categories)) return column;
  // AnnData 0.6 and 0.7: codes refer to a list in `__categories`, which also says whether they are ordered.
  const list = await file.item(categories.path);
  const ordered = isTrue(list?.attributes.ordered);
  return withCategories(file, item.path, column, categories.path, ordered);
}

async function readGroupColumn(file: Hdf5File, item: Hdf5Item): Promise<H5adColumn> {
  const children = await file.children(item.path);
  const has = (name: string) => children.some((child) => child.name === name);
  const at = (name: string) => `${item.path}/${name}`;
  if (has('codes') && has('categories')) {
    const codes = plainColumn(file, at('codes'), await file.values(at('codes')));
    return withCategories(file, item.path, codes, at('categories'), isTrue(item.attributes.ordered));
  }
  if (has('values') && has('mask')) {
    const values = plainColumn(file, at('values'), await file.values(at('values')));
    const mask = await file.values(at('mask'));
    if (mask.kind !== 'booleans' || mask.data.length !== values.values.length) {
      refuse(file, `a truth value per row in "${at('mask')}"`, 'something else');
    }
    return { ...values, missing: mask.data };
  }
  const encoding = item.attributes['encoding-type'] ?? 'no encoding-type';
  return refuse(file, `a column at "${item.path}"`, `a group of ${String(encoding)}`);
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'number' && value !== 0);
}

async function withCategories(
  file: Hdf5File,
  path: string,
  codes: PlainColumn,
  categoriesPath: string,
  ordered: boolean,
): Promise<CategoricalColumn> {
  const categories = plainColumn(file, categoriesPath, await file.values(categoriesPath));
  return categorical(file, path, codes, categories, ordered);
}

/** @throws DataError when a code names no category. */
export function categorical(
  file: Hdf5File,
  path: string,
  codes: PlainColumn,
  categories: PlainColumn,
  ordered: boolean,
): CategoricalColumn {
  const count = categories.values.length;
  const valid =
    codes.kind === 'numbers' &&
    codes.values.every((code) => Number.isInteger(code) && code >= -1 && code < count);
  if (!valid) refuse(file, `codes from -1 to ${count - 1} in "${path}"`, 'others');
  return { kind: 'categorical', codes: Int32Array.from(codes.values as Float64Array), categories, ordered };
}

/** A field of the record tables of AnnData before 0.7. */
export function fieldColumn(field: Hdf5Field): PlainColumn {
  if (!(field.values instanceof Float64Array)) return { kind: 'strings', values: field.values };
  if (field.type === 'bool') return { kind: 'booleans', values: Uint8Array.from(field.values) };
  return { kind: 'numbers', type: field.type as NumberType, values: field.values };
}

/** Text of every row: categories and numbers spelt out; a missing value is empty text. */
export function columnAsText(column: H5adColumn): string[] {
  switch (column.kind) {
    case 'categorical': {
      const names = columnAsText(column.categories);
      return Array.from(column.codes, (code) => names[code] ?? '');
    }
    case 'strings':
      return column.values.map((text, i) => (column.missing?.[i] === 1 ? '' : text));
    case 'numbers':
      return Array.from(column.values, (value, i) => (column.missing?.[i] === 1 ? '' : String(value)));
    case 'booleans':
      return Array.from(column.values, (value, i) =>
        column.missing?.[i] === 1 ? '' : value === 1 ? 'True' : 'False',
      );
  }
}

/** Numbers of every row (truth values as 0 and 1, missing ones NaN); undefined for text. */
export function columnAsNumbers(column: H5adColumn): Float64Array | undefined {
  if (column.kind === 'categorical') {
    const values = columnAsNumbers(column.categories);
    return values && Float64Array.from(column.codes, (code) => values[code] ?? Number.NaN);
  }
  if (column.kind === 'strings') return undefined;
  const { missing } = column as NumberColumn;
  return Float64Array.from(column.values, (value, i) => (missing?.[i] === 1 ? Number.NaN : value));
}
