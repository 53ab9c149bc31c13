/** Tables of single transcripts, read in blocks: they are larger than memory. */
import { createReadStream } from 'node:fs';
import { PassThrough, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../errors.ts';
import { nameSome } from './names.ts';
import { openParquet, type ParquetColumn, parquetNumbers } from './parquet/parquet-file.ts';
import { splitFields } from './text-file.ts';

/** A run of transcripts. */
export interface Transcripts {
  /** Of `x` and `y`: micrometres of the run, or level-0 pixels of the H&E image. */
  readonly unit: 'um' | 'px';
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Names that `codes` refer to. */
  readonly genes: readonly string[];
  /** Gene of each transcript, -1 for none. */
  readonly codes: Int32Array;
  /** Phred-scaled quality; absent where the table has none. */
  readonly quality?: Float64Array;
}

/** Which columns to read: HEST's pixels where they are, else the run's micrometres. */
function chooseColumns(
  columns: readonly string[],
  operation: string,
  path: string,
): { unit: 'um' | 'px'; x: string; y: string; quality: boolean } {
  const quality = columns.includes('qv');
  const has = (...names: string[]) => names.every((name) => columns.includes(name));
  if (has('feature_name', 'he_x', 'he_y')) return { unit: 'px', x: 'he_x', y: 'he_y', quality };
  if (has('feature_name', 'x_location', 'y_location')) {
    return { unit: 'um', x: 'x_location', y: 'y_location', quality };
  }
  throw new DataError(operation, {
    need: 'the columns feature_name and x_location, y_location (or he_x, he_y)',
    found: `${columns.length === 0 ? 'none' : nameSome(columns, 6)} in ${path}`,
  });
}

/**
 * Reads a table of transcripts (`.parquet`, `.csv` or `.csv.gz`), block after block.
 *
 * @throws DataError when columns are absent or the file is damaged.
 */
export function transcriptBlocks(path: string, operation: string): AsyncGenerator<Transcripts> {
  return path.endsWith('.parquet') ? parquetBlocks(path, operation) : csvBlocks(path, operation);
}

async function* parquetBlocks(path: string, operation: string): AsyncGenerator<Transcripts> {
  const file = await openParquet(path, operation);
  try {
    const { unit, x, y, quality } = chooseColumns(file.columns, operation, path);
    const names = ['feature_name', x, y, ...(quality ? ['qv'] : [])];
    for await (const block of file.blocks(names)) {
      const genes = geneCodes(block.feature_name!);
      const base = { unit, x: parquetNumbers(block[x]!), y: parquetNumbers(block[y]!), ...genes };
      yield quality ? { ...base, quality: parquetNumbers(block.qv!) } : base;
    }
  } finally {
    await file.close();
  }
}

function geneCodes(column: ParquetColumn): Pick<Transcripts, 'genes' | 'codes'> {
  if (column.kind === 'text') return { genes: column.names, codes: column.codes };
  return { genes: [], codes: new Int32Array(column.values.length).fill(-1) };
}

/** Lines per block of a text table. */
const BLOCK_LINES = 200_000;

async function* csvBlocks(path: string, operation: string): AsyncGenerator<Transcripts> {
  let columns: readonly string[] | undefined;
  let rows: string[][] = [];
  for await (const line of linesOf(path, operation)) {
    if (line === '') continue;
    const fields = splitFields(line, ',').map((field) => field.trim());
    if (columns === undefined) {
      columns = fields;
      chooseColumns(columns, operation, path);
      continue;
    }
    if (rows.push(fields) < BLOCK_LINES) continue;
    yield fromFields(columns, rows, operation, path);
    rows = [];
  }
  if (columns === undefined) chooseColumns([], operation, path);
  else yield fromFields(columns, rows, operation, path);
}

async function* linesOf(path: string, operation: string): AsyncGenerator<string> {
  const source = createReadStream(path);
  const text = path.endsWith('.gz') ? createGunzip() : new PassThrough();
  // Errors of either stream come out of the loop below.
  pipeline(source, text, () => undefined);
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of text) {
      const lines = (rest + decoder.decode(bytes as Buffer, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield line.replace(/\r$/, '');
    }
    yield rest;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(operation, {
      need: 'a readable table of transcripts',
      found: `${path} (${(cause as Error).message})`,
      next: 'check that the file was downloaded completely',
      cause,
    });
  } finally {
    source.destroy();
    text.destroy();
  }
}

function fromFields(
  columns: readonly string[],
  rows: readonly string[][],
  operation: string,
  path: string,
): Transcripts {
  const { unit, x, y, quality } = chooseColumns(columns, operation, path);
  const short = rows.find((row) => row.length !== columns.length);
  if (short !== undefined) {
    throw new DataError(operation, {
      need: `${columns.length} fields in every line, as in the header`,
      found: `${short.length} ("${short.join(',').slice(0, 60)}") in ${path}`,
    });
  }
  const numbers = (name: string) => {
    const at = columns.indexOf(name);
    return Float64Array.from(rows, (row) => (row[at] === '' ? Number.NaN : Number(row[at])));
  };
  const at = columns.indexOf('feature_name');
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(rows, (row) => {
    const gene = row[at]!;
    if (!codeOf.has(gene)) codeOf.set(gene, codeOf.size);
    return codeOf.get(gene)!;
  });
  const base = { unit, x: numbers(x), y: numbers(y), genes: [...codeOf.keys()], codes };
  return quality ? { ...base, quality: numbers('qv') } : base;
}
