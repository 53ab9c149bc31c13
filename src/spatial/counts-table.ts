/** Count tables as text: one line per spot, one column per gene. */
import { DataError } from '../errors.ts';
import { type CountMatrixParts, createCountMatrix } from './count-matrix.ts';
import { countsFromColumns, type DuplicateGeneRule, type NamedCounts } from './duplicate-genes.ts';
import { requireFile } from './paths.ts';
import { readBytes, splitFields } from './text-file.ts';
import type { CountMatrix } from './types.ts';

const OPERATION = 'readCountsTable';
const LINE_FEED = 10;
const ZERO = 48;

/**
 * Reads a spots x genes table (`.tsv`, `.csv` or `.txt`, plain or gzip). The first line names the genes after
 * one corner cell, which may be empty; the first field of every further line is the barcode. Fields are
 * separated by tabs if the first line has one, else by commas.
 *
 * @throws UsageError when the path does not exist.
 * @throws DataError for lines of unequal length or a value that is no finite number of 0 or more, naming
 *   barcode and gene; repeated barcodes or genes.
 */
export async function readCountsTable(path: string): Promise<CountMatrix> {
  const { genes, ...parts } = await readColumns(path);
  return createCountMatrix({ ...parts, genes }, path);
}

/** As {@link readCountsTable}, but genes may be named more than once. */
export async function readNamedCounts(path: string, rule?: DuplicateGeneRule): Promise<NamedCounts> {
  const { genes, ...parts } = await readColumns(path);
  return countsFromColumns({ ...parts, names: genes }, path, rule === undefined ? {} : { rule });
}

async function readColumns(path: string): Promise<CountMatrixParts> {
  await requireFile(path, OPERATION, 'a table of counts');
  const bytes = await readBytes(path, OPERATION);
  const headerEnd = lineEnd(bytes, 0);
  const header = textOf(bytes, 0, headerEnd).replace(/^\uFEFF/, '');
  const separator = header.includes('\t') ? '\t' : ',';
  const genes = splitFields(header, separator)
    .slice(1)
    .map((name) => name.trim());
  if (genes.length === 0) {
    throw new DataError(OPERATION, {
      need: 'a first line with gene names, separated by tabs or commas',
      found: `"${header.slice(0, 60)}" in ${path}`,
    });
  }
  const rows = new RowBuilder(path, genes, separator);
  for (let from = headerEnd + 1; from < bytes.length; ) {
    const end = lineEnd(bytes, from);
    rows.add(bytes, from, end);
    from = end + 1;
  }
  return rows.finish();
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(LINE_FEED, from);
  return end < 0 ? bytes.length : end;
}

function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to).replace(/\r$/, '');
}

/** Collects rows; works on bytes because most of a table is single zeros between separators. */
class RowBuilder {
  readonly #path: string;
  readonly #genes: readonly string[];
  readonly #separator: string;
  readonly #barcodes: string[] = [];
  readonly #indptr: number[] = [0];
  readonly #indices: number[] = [];
  readonly #data: number[] = [];

  constructor(path: string, genes: readonly string[], separator: string) {
    this.#path = path;
    this.#genes = genes;
    this.#separator = separator;
  }

  add(bytes: Buffer, from: number, lineFeed: number): void {
    const to = lineFeed > from && bytes[lineFeed - 1] === 13 ? lineFeed - 1 : lineFeed;
    if (to === from) return;
    const mark = this.#separator.charCodeAt(0);
    let end = fieldEnd(bytes, from, to, mark);
    const barcode = unquote(bytes.toString('utf8', from, end));
    let gene = 0;
    while (end < to) {
      const start = end + 1;
      end = fieldEnd(bytes, start, to, mark);
      if (!(end - start === 1 && bytes[start] === ZERO)) this.#store(bytes, start, end, barcode, gene);
      gene++;
    }
    if (gene !== this.#genes.length) {
      throw new DataError(OPERATION, {
        need: `${this.#genes.length} counts in every line, as the first line has genes`,
        found: `${gene} at barcode "${barcode}" in ${this.#path}`,
        next: 'the file was cut short or mixes separators',
      });
    }
    this.#barcodes.push(barcode);
    this.#indptr.push(this.#data.length);
  }

  #store(bytes: Buffer, from: number, to: number, barcode: string, gene: number): void {
    const text = unquote(bytes.toString('latin1', from, to));
    const value = text === '' ? Number.NaN : Number(text);
    if (value === 0 || gene >= this.#genes.length) return;
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
      throw new DataError(OPERATION, {
        need: 'finite counts of 0 or more',
        found: `"${text}" at barcode "${barcode}", gene "${this.#genes[gene]}" in ${this.#path}`,
        next: 'give raw counts, not scaled values',
      });
    }
    this.#indices.push(gene);
    this.#data.push(value);
  }

  finish(): CountMatrixParts {
    const parts = { barcodes: this.#barcodes, genes: this.#genes, indptr: this.#indptr };
    return { ...parts, indices: this.#indices, data: this.#data };
  }
}

function fieldEnd(bytes: Buffer, from: number, to: number, mark: number): number {
  let end = from;
  while (end < to && bytes[end] !== mark) end++;
  return end;
}

function unquote(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith('"') && trimmed.endsWith('"') && trimmed.length > 1
    ? trimmed.slice(1, -1)
    : trimmed;
}
