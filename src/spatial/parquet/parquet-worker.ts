/** The code that runs hyparquet inside a worker thread. Its functions are sent there as text: see WorkerCode. */
import type * as FileSystem from 'node:fs';
import type * as Hyparquet from 'hyparquet';
import type * as HyparquetCompressors from 'hyparquet-compressors';
import type { WorkerAnswer, WorkerCode } from '../guard/guarded-worker.ts';

export type ParquetRequest =
  | { readonly kind: 'open'; readonly file: string }
  | { readonly kind: 'read'; readonly columns: readonly string[]; readonly from: number; readonly to: number }
  | { readonly kind: 'close' };

/** What a file holds. */
export interface ParquetSummary {
  readonly columns: readonly string[];
  /** Rows in each stored group. */
  readonly groupRows: readonly number[];
}

/** One column of a run of rows: numbers (truth values 0 and 1, gaps NaN), or text as codes into names (gaps -1). */
export type ParquetColumn =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'text'; readonly names: readonly string[]; readonly codes: Int32Array };

interface Library {
  readonly fs: typeof FileSystem;
  readonly hyparquet: typeof Hyparquet;
  readonly compressors: Hyparquet.Compressors;
  descriptor: number | undefined;
  file: Hyparquet.AsyncBuffer | undefined;
  metadata: Hyparquet.FileMetaData | undefined;
}

async function startParquet(
  load: (address: string) => Promise<unknown>,
  [parquetAddress, compressorsAddress]: readonly string[],
): Promise<(request: ParquetRequest) => Promise<WorkerAnswer>> {
  const fs = (await load('node:fs')) as typeof FileSystem;
  const hyparquet = (await load(parquetAddress!)) as typeof Hyparquet;
  const { compressors } = (await load(compressorsAddress!)) as typeof HyparquetCompressors;
  const closed = { descriptor: undefined, file: undefined, metadata: undefined };
  const library: Library = { fs, hyparquet, compressors, ...closed };
  return async (request) => ({ value: await answerParquet(library, request) });
}

async function answerParquet(library: Library, request: ParquetRequest): Promise<unknown> {
  switch (request.kind) {
    case 'open':
      return openParquet(library, request.file);
    case 'read':
      return readColumns(library, request.columns, request.from, request.to);
    case 'close':
      if (library.descriptor !== undefined) library.fs.closeSync(library.descriptor);
      library.descriptor = undefined;
      return undefined;
  }
}

async function openParquet(library: Library, path: string): Promise<ParquetSummary> {
  const { fs, hyparquet } = library;
  const descriptor = fs.openSync(path, 'r');
  library.descriptor = descriptor;
  const byteLength = fs.fstatSync(descriptor).size;
  library.file = {
    byteLength,
    slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - start));
      fs.readSync(descriptor, bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
  const metadata = await hyparquet.parquetMetadataAsync(library.file);
  library.metadata = metadata;
  const columns = hyparquet.parquetSchema(metadata).children.map((child) => child.element.name);
  return { columns, groupRows: metadata.row_groups.map((group) => Number(group.num_rows)) };
}

async function readColumns(
  { hyparquet, compressors, file, metadata }: Library,
  columns: readonly string[],
  from: number,
  to: number,
): Promise<Record<string, ParquetColumn>> {
  if (file === undefined || metadata === undefined) throw new Error('no file is open');
  const cells = new Map(columns.map((name) => [name, [] as unknown[]]));
  await hyparquet.parquetRead({
    file,
    metadata,
    compressors,
    columns: [...columns],
    rowStart: from,
    rowEnd: to,
    onChunk({ columnName, columnData, rowStart }) {
      const column = cells.get(columnName);
      for (let i = 0; column !== undefined && i < columnData.length; i++) {
        const row = rowStart + i - from;
        if (row >= 0 && row < to - from) column[row] = columnData[i];
      }
    },
  });
  return Object.fromEntries(
    [...cells].map(([name, values]) => [name, columnOfCells(name, values, to - from)]),
  );
}

function columnOfCells(name: string, cells: readonly unknown[], rows: number): ParquetColumn {
  if (cells.length !== rows) throw new Error(`${cells.length} of ${rows} values in column "${name}"`);
  const first = cells.find((cell) => cell !== null && cell !== undefined);
  if (typeof first !== 'string' && !(first instanceof Uint8Array)) {
    const values = Float64Array.from(cells as number[], (cell) =>
      cell === null ? Number.NaN : Number(cell),
    );
    return { kind: 'numbers', values };
  }
  const decoder = new TextDecoder();
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(cells, (cell) => {
    if (cell === null || cell === undefined) return -1;
    const text = cell instanceof Uint8Array ? decoder.decode(cell) : String(cell);
    const known = codeOf.get(text);
    if (known !== undefined) return known;
    codeOf.set(text, codeOf.size);
    return codeOf.size - 1;
  });
  return { kind: 'text', names: [...codeOf.keys()], codes };
}

export const parquetWorker: WorkerCode = {
  main: startParquet,
  helpers: [answerParquet, openParquet, readColumns, columnOfCells],
};
