/** The 10x Genomics MEX folder: `matrix.mtx`, `barcodes.tsv`, `features.tsv` (or `genes.tsv`), plain or gzip. */
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import type { DuplicateGeneRule, NamedCounts } from './duplicate-genes.ts';
import { listFolder, requireFolder } from './paths.ts';
import { type FeatureMatrix, GENE_EXPRESSION, keepGeneExpression } from './tenx-h5.ts';
import { finiteNumber, readBytes, readText, splitLines } from './text-file.ts';
import type { CountMatrix } from './types.ts';

const OPERATION = 'readMex';

/**
 * Reads counts as spots x genes (the file is genes x barcodes, 1-based). Feature types and repeated names
 * are treated as in readTenxH5; `genes.tsv` of older folders has no types and counts as gene expression.
 *
 * @throws UsageError when the folder does not exist.
 * @throws DataError when one of the three files is absent, damaged, or does not fit the others.
 * @source 10x Genomics, "Feature-Barcode Matrices", MEX format; NIST Matrix Market coordinate format.
 */
export async function readMex(folder: string, duplicateGenes?: DuplicateGeneRule): Promise<CountMatrix> {
  return (await readMexCounts(folder, duplicateGenes)).counts;
}

/** As {@link readMex}, with a note on repeated gene names. */
export async function readMexCounts(
  folder: string,
  duplicateGenes?: DuplicateGeneRule,
): Promise<NamedCounts> {
  await requireFolder(folder, OPERATION, 'a folder with matrix.mtx, barcodes.tsv and features.tsv');
  const present = await listFolder(folder);
  const find = (...names: string[]) => findFile(folder, present, names);
  const barcodes = splitLines(await readText(find('barcodes.tsv'), OPERATION)).map(
    (line) => line.split('\t')[0]!,
  );
  const features = splitLines(await readText(find('features.tsv', 'genes.tsv'), OPERATION)).map((line) =>
    line.split('\t'),
  );
  const matrixPath = find('matrix.mtx');
  const entries = parseCoordinates(
    await readBytes(matrixPath, OPERATION),
    matrixPath,
    features.length,
    barcodes.length,
  );
  const names = features.map(([id, name]) => name ?? id!);
  const types = features.map(([, , type]) => type ?? GENE_EXPRESSION);
  return keepGeneExpression(
    { ...rowsFromEntries(entries, barcodes), names, types },
    matrixPath,
    duplicateGenes,
  );
}

function findFile(folder: string, present: readonly string[], names: readonly string[]): string {
  for (const name of names) {
    const found = present.find((file) => file === name || file === `${name}.gz`);
    if (found !== undefined) return join(folder, found);
  }
  throw new DataError(OPERATION, {
    need: `${names.join(' or ')} (or .gz)`,
    found: `none in ${folder}`,
    next: 'give the complete MEX folder',
  });
}

/** Zero-based places and values, in file order. */
interface Entries {
  readonly gene: Int32Array;
  readonly spot: Int32Array;
  readonly value: Float64Array;
}

function bad(need: string, found: string, path: string): never {
  throw new DataError(OPERATION, { need, found: `${found} in ${path}` });
}

function parseCoordinates(bytes: Buffer, path: string, genes: number, spots: number): Entries {
  const lines = linesOf(bytes);
  const banner = lines.next().value ?? '';
  if (!/^%%MatrixMarket matrix coordinate (integer|real) general\s*$/i.test(banner)) {
    bad('a "%%MatrixMarket matrix coordinate integer general" file', `"${banner.slice(0, 60)}"`, path);
  }
  let size = lines.next();
  while (!size.done && size.value.startsWith('%')) size = lines.next();
  const [rows, columns, stored] = (size.value ?? '').trim().split(/\s+/).map(Number);
  if (rows !== genes || columns !== spots) {
    bad(`${genes} features x ${spots} barcodes, as the other two files have`, `${rows} x ${columns}`, path);
  }
  if (!Number.isInteger(stored)) bad('a number of entries in the size line', `"${size.value}"`, path);
  return parseEntries(lines, stored!, path, genes, spots);
}

function parseEntries(
  lines: Iterator<string>,
  stored: number,
  path: string,
  genes: number,
  spots: number,
): Entries {
  const entries = {
    gene: new Int32Array(stored),
    spot: new Int32Array(stored),
    value: new Float64Array(stored),
  };
  let at = 0;
  for (let line = lines.next(); !line.done; line = lines.next()) {
    const text = line.value.trim();
    if (text === '') continue;
    if (at === stored) bad(`${stored} entries`, 'more', path);
    const fields = text.split(/\s+/);
    const gene = Number(fields[0]);
    const spot = Number(fields[1]);
    const value = finiteNumber(fields[2]);
    const inside =
      Number.isInteger(gene) &&
      gene >= 1 &&
      gene <= genes &&
      Number.isInteger(spot) &&
      spot >= 1 &&
      spot <= spots;
    if (!inside || value === undefined || fields.length !== 3) {
      bad(
        `"gene barcode count" with gene 1 to ${genes} and barcode 1 to ${spots}`,
        `"${text.slice(0, 60)}"`,
        path,
      );
    }
    entries.gene[at] = gene - 1;
    entries.spot[at] = spot - 1;
    entries.value[at++] = value;
  }
  if (at < stored) bad(`${stored} entries`, `${at}`, path);
  return entries;
}

/** Line by line from the bytes: one string of a whole matrix can exceed the longest string allowed. */
function* linesOf(bytes: Buffer): Generator<string, undefined> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    const to = end < 0 ? bytes.length : end;
    yield bytes.toString('latin1', from, to);
    from = to + 1;
  }
}

/** Groups the entries by spot (counting sort, stable). */
function rowsFromEntries(
  entries: Entries,
  barcodes: readonly string[],
): Omit<FeatureMatrix, 'names' | 'types'> {
  const indptr = new Int32Array(barcodes.length + 1);
  for (const spot of entries.spot) indptr[spot + 1]!++;
  for (let r = 0; r < barcodes.length; r++) indptr[r + 1]! += indptr[r]!;
  const next = indptr.slice();
  const indices = new Int32Array(entries.gene.length);
  const data = new Float64Array(entries.gene.length);
  for (let k = 0; k < entries.spot.length; k++) {
    const to = next[entries.spot[k]!]!++;
    indices[to] = entries.gene[k]!;
    data[to] = entries.value[k]!;
  }
  return { barcodes, indptr, indices, data };
}
