/** Reading AnnData files (`.h5ad`): only what is asked for leaves the disk. */
import { type Matrix, matrix } from '../../core/matrix.ts';
import { DataError } from '../../errors.ts';
import { type Hdf5File, type RowRange, withHdf5 } from '../hdf5/hdf5-file.ts';
import { requireFile } from '../paths.ts';
import { columnAsNumbers } from './h5ad-columns.ts';
import { H5adFrame } from './h5ad-frame.ts';
import { matrixStorage, readMatrix } from './h5ad-matrix.ts';
import type { H5adMatrix, UnsValue } from './h5ad-types.ts';
import { readUns } from './h5ad-uns.ts';

/** `X`, `raw` (counts set aside before filtering), or `layers/<name>`. */
export type MatrixName = 'X' | 'raw' | `layers/${string}`;

/**
 * Opens an AnnData file, hands it to `read` and closes it.
 *
 * Files of every AnnData release are read: the present encodings; `__categories` of 0.7; `h5sparse` groups,
 * record tables and text of fixed length before that; files without encoding attributes.
 *
 * @throws UsageError when the path does not exist.
 * @throws DataError when it is no HDF5 file or damaged, naming the part; what `read` throws.
 * @source AnnData, "On-disk format", and its notes on older releases.
 * @example const genes = await withH5ad('TENX95.h5ad', (file) => file.var.index());
 */
export async function withH5ad<T>(
  path: string,
  read: (file: H5adFile) => Promise<T>,
  operation = 'readH5ad',
): Promise<T> {
  await requireFile(path, operation, 'an .h5ad file');
  return withHdf5(path, operation, (file) => read(new H5adFile(file)));
}

/** An open AnnData file. */
export class H5adFile {
  readonly path: string;
  /** About the spots (observations). */
  readonly obs: H5adFrame;
  /** About the genes (variables) of `X` and the layers. */
  readonly var: H5adFrame;
  readonly #file: Hdf5File;

  constructor(file: Hdf5File) {
    this.#file = file;
    this.path = file.path;
    this.obs = new H5adFrame(file, 'obs');
    this.var = new H5adFrame(file, 'var');
  }

  /** About the genes of `raw`; undefined without `raw`. */
  async rawVar(): Promise<H5adFrame | undefined> {
    for (const path of ['raw/var', 'raw.var']) {
      if ((await this.#file.item(path)) !== undefined) return new H5adFrame(this.#file, path);
    }
    return undefined;
  }

  async #names(path: string): Promise<string[]> {
    return (await this.#file.children(path)).map(({ name }) => name);
  }

  layerNames(): Promise<string[]> {
    return this.#names('layers');
  }

  /** Keys of `uns`, or of a group below it. */
  unsNames(path = ''): Promise<string[]> {
    return this.#names(path === '' ? 'uns' : `uns/${path}`);
  }

  async #matrixPath(name: MatrixName): Promise<string> {
    if (name !== 'raw') return name;
    return (await this.#file.item('raw.X')) === undefined ? 'raw/X' : 'raw.X';
  }

  /** Sizes of a matrix, without reading it. */
  async shape(name: MatrixName = 'X'): Promise<{ readonly spots: number; readonly genes: number }> {
    const { rows, cols } = await matrixStorage(this.#file, await this.#matrixPath(name));
    return { spots: rows, genes: cols };
  }

  /** A matrix, or some of its rows. Matrices stored by columns come by rows. */
  async matrix(name: MatrixName = 'X', rows?: RowRange): Promise<H5adMatrix> {
    return readMatrix(this.#file, await this.#matrixPath(name), rows);
  }

  /** Keys of `obsm`. */
  async obsmNames(): Promise<string[]> {
    if ((await this.#file.item('obsm'))?.kind === 'group') return this.#names('obsm');
    return [...(await this.#obsmRecords()).keys()];
  }

  /**
   * A table of numbers per spot, e.g. `spatial` (x, y).
   *
   * @throws DataError when it is absent or no table of numbers.
   */
  async obsm(name: string): Promise<Matrix<Float64Array>> {
    const path = `obsm/${name}`;
    const item = await this.#file.item(path);
    if (item?.kind === 'dataset' && item.shape.length === 2) {
      return matrix(item.shape[0]!, item.shape[1]!, Float64Array.from(await this.#file.numbers(path)));
    }
    if (item?.kind === 'group') return this.#obsmFrame(new H5adFrame(this.#file, path), path);
    const old = (await this.#obsmRecords()).get(name);
    if (old !== undefined) return old;
    throw new DataError(this.#file.operation, {
      need: `a table "${path}" of two axes`,
      found: `${item === undefined ? 'none' : `${item.shape.length}`} in ${this.path}`,
    });
  }

  /** `obsm` can hold a data frame; its columns must be numbers. */
  async #obsmFrame(frame: H5adFrame, path: string): Promise<Matrix<Float64Array>> {
    const names = await frame.columnNames();
    const columns: Float64Array[] = [];
    for (const name of names) {
      const values = columnAsNumbers(await frame.column(name));
      if (values === undefined) {
        throw new DataError(this.#file.operation, {
          need: `numbers in "${path}/${name}"`,
          found: `text in ${this.path}`,
        });
      }
      columns.push(values);
    }
    const rows = columns[0]?.length ?? 0;
    const data = new Float64Array(rows * columns.length);
    for (const [c, column] of columns.entries()) {
      for (let r = 0; r < rows; r++) data[r * columns.length + c] = column[r]!;
    }
    return matrix(rows, columns.length, data);
  }

  /** Before AnnData 0.7 all of `obsm` was one table of records with array fields. */
  async #obsmRecords(): Promise<Map<string, Matrix<Float64Array>>> {
    if (!(await this.#file.hasDataset('obsm'))) return new Map();
    const values = await this.#file.values('obsm');
    const fields = values.kind === 'records' ? values.fields : [];
    return new Map(
      fields.flatMap(({ name, width, values: data }) =>
        data instanceof Float64Array ? [[name, matrix(data.length / width, width, data)] as const] : [],
      ),
    );
  }

  /** Keys of `uns` that hold something at this path. */
  async hasUns(path: string): Promise<boolean> {
    return (await this.#file.item(`uns/${path}`)) !== undefined;
  }

  /**
   * Unstructured data at a path below `uns`.
   *
   * @throws DataError when nothing is there.
   */
  uns(path: string): Promise<UnsValue> {
    return readUns(this.#file, path === '' ? 'uns' : `uns/${path}`);
  }

  /** Sizes of the axes of an array in `uns`, without reading it; undefined when there is none. */
  async unsShape(path: string): Promise<readonly number[] | undefined> {
    const item = await this.#file.item(`uns/${path}`);
    return item?.kind === 'dataset' ? item.shape : undefined;
  }
}
