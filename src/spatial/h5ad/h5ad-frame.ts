/** `obs` and `var`: read the names, the list of columns, or one column, and nothing else. */
import { DataError } from '../../errors.ts';
import type { Hdf5File } from '../hdf5/hdf5-file.ts';
import type { Hdf5Field, Hdf5Item } from '../hdf5/hdf5-messages.ts';
import { nameSome } from '../names.ts';
import { categorical, columnAsText, fieldColumn, plainColumn, readColumn } from './h5ad-columns.ts';
import type { H5adColumn, H5adTable } from './h5ad-types.ts';

/** Names that the index column has had; the `_index` attribute says which, where there is one. */
const INDEX_NAMES = ['_index', 'index', 'obs_names', 'var_names'];

/** A table of an open file: a group of columns, or (before AnnData 0.7) a data set of records. */
export class H5adFrame {
  readonly #file: Hdf5File;
  readonly #path: string;
  #fields: readonly Hdf5Field[] | undefined;

  constructor(file: Hdf5File, path: string) {
    this.#file = file;
    this.#path = path;
  }

  async #item(): Promise<Hdf5Item> {
    const item = await this.#file.item(this.#path);
    if (item !== undefined && item.kind !== 'other') return item;
    throw new DataError(this.#file.operation, {
      need: `the table "${this.#path}" of an AnnData file`,
      found: `none in ${this.#file.path}`,
    });
  }

  /** Fields of a record table; undefined for a group of columns. */
  async #records(): Promise<readonly Hdf5Field[] | undefined> {
    if ((await this.#item()).kind === 'group') return undefined;
    if (this.#fields === undefined) {
      const values = await this.#file.values(this.#path);
      if (values.kind !== 'records' || values.fields.length === 0) {
        throw new DataError(this.#file.operation, {
          need: `columns in "${this.#path}"`,
          found: `other values in ${this.#file.path}`,
        });
      }
      this.#fields = values.fields;
    }
    return this.#fields;
  }

  async #indexName(): Promise<string> {
    const records = await this.#records();
    const names = records?.map(({ name }) => name) ?? (await this.#children()).map(({ name }) => name);
    const said = (await this.#item()).attributes._index;
    const found = [said, ...INDEX_NAMES].find((name) => typeof name === 'string' && names.includes(name));
    if (typeof found === 'string') return found;
    if (records !== undefined) return records[0]!.name;
    throw new DataError(this.#file.operation, {
      need: `the names of the rows of "${this.#path}" (a column "_index")`,
      found: `only ${nameSome(names)} in ${this.#file.path}`,
    });
  }

  #children(): Promise<readonly Hdf5Item[]> {
    return this.#file.children(this.#path);
  }

  /** Names of the rows. */
  async index(): Promise<readonly string[]> {
    return columnAsText(await this.#read(await this.#indexName()));
  }

  /** Names of the columns, in their order, without the index. */
  async columnNames(): Promise<readonly string[]> {
    const records = await this.#records();
    const stored = records?.map(({ name }) => name) ?? (await this.#children()).map(({ name }) => name);
    const order = (await this.#item()).attributes['column-order'];
    const index = await this.#indexName();
    const listed = Array.isArray(order) ? order.map(String).filter((name) => stored.includes(name)) : stored;
    return listed.filter((name) => name !== index && name !== '__categories');
  }

  /**
   * One column.
   *
   * @throws DataError when there is none of that name.
   */
  async column(name: string): Promise<H5adColumn> {
    const names = await this.columnNames();
    if (names.includes(name)) return this.#read(name);
    throw new DataError(this.#file.operation, {
      need: `a column "${name}" in "${this.#path}"`,
      found:
        names.length === 0 ? `none in ${this.#file.path}` : `${nameSome(names, 8)} in ${this.#file.path}`,
    });
  }

  /** Everything. */
  async table(): Promise<H5adTable> {
    const columns: Record<string, H5adColumn> = {};
    for (const name of await this.columnNames()) columns[name] = await this.column(name);
    return { index: await this.index(), columns };
  }

  async #read(name: string): Promise<H5adColumn> {
    const records = await this.#records();
    const field = records?.find((candidate) => candidate.name === name);
    if (field === undefined) {
      const item = (await this.#children()).find((child) => child.name === name);
      return readColumn(this.#file, item!);
    }
    const column = fieldColumn(field);
    // Record tables hold codes; the categories stand in `uns` under the column's name.
    const list = `uns/${name}_categories`;
    if (column.kind !== 'numbers' || !(await this.#file.hasDataset(list))) return column;
    const categories = plainColumn(this.#file, list, await this.#file.values(list));
    return categorical(this.#file, `${this.#path}/${name}`, column, categories, false);
  }
}
