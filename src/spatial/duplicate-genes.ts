/** Genes that a file names more than once: one rule for all readers, and what it did. */
import { createCountMatrix } from './count-matrix.ts';
import { makeNamesUnique } from './names.ts';
import type { CountMatrix } from './types.ts';

/**
 * - `make-unique` (default): every column stays; the second of a name gets `-1`, the third `-2`, as scanpy names them;
 * - `sum`: columns of one name become one, their counts added.
 */
export type DuplicateGeneRule = 'make-unique' | 'sum';

/** What a reader did about repeated gene names. */
export interface DuplicateGenes {
  readonly rule: DuplicateGeneRule;
  /** How many names occurred more than once. */
  readonly names: number;
}

/** Counts with a note on repeated names, which is absent where there were none. */
export interface NamedCounts {
  readonly counts: CountMatrix;
  readonly duplicateGenes?: DuplicateGenes;
}

/** A matrix whose columns may repeat names and may include columns to leave out. */
export interface NamedColumns {
  readonly barcodes: readonly string[];
  /** Name of every column. */
  readonly names: readonly string[];
  readonly indptr: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
  readonly data: ArrayLike<number>;
}

/**
 * Builds counts from the columns that `keep` names (default all), resolving repeated names among these.
 *
 * @throws DataError as createCountMatrix.
 */
export function countsFromColumns(
  m: NamedColumns,
  source: string,
  { rule = 'make-unique', keep }: { rule?: DuplicateGeneRule; keep?: readonly number[] } = {},
): NamedCounts {
  const kept = keep ?? m.names.map((_, c) => c);
  const names = kept.map((c) => m.names[c]!);
  const distinct = new Set(names);
  const genes = rule === 'sum' ? [...distinct] : makeNamesUnique(names);
  const counts = counted(m, source, genes, () => columnsTo(kept, names, m.names.length, rule));
  if (distinct.size === names.length) return { counts };
  const seen = new Map<string, number>();
  for (const name of names) seen.set(name, (seen.get(name) ?? 0) + 1);
  const repeated = [...seen.values()].filter((times) => times > 1).length;
  return { counts, duplicateGenes: { rule, names: repeated } };
}

/** New column of every old one, -1 for those left out. */
function columnsTo(
  kept: readonly number[],
  names: readonly string[],
  columns: number,
  rule: DuplicateGeneRule,
): Int32Array {
  const to = new Int32Array(columns).fill(-1);
  const first = new Map<string, number>();
  for (const [i, c] of kept.entries()) {
    if (!first.has(names[i]!)) first.set(names[i]!, first.size);
    to[c] = rule === 'sum' ? first.get(names[i]!)! : i;
  }
  return to;
}

function counted(
  m: NamedColumns,
  source: string,
  genes: readonly string[],
  targets: () => Int32Array,
): CountMatrix {
  if (genes.length === m.names.length) return createCountMatrix({ ...m, genes }, source);
  // The parts are checked as they stand before columns are moved: a damaged file must not reach this loop.
  const checked = createCountMatrix({ ...m, genes: makeNamesUnique(m.names) }, source);
  const to = targets();
  const indptr = new Int32Array(checked.barcodes.length + 1);
  const indices: number[] = [];
  const data: number[] = [];
  for (let r = 0; r < checked.barcodes.length; r++) {
    const row = new Map<number, number>();
    for (let k = checked.indptr[r]!; k < checked.indptr[r + 1]!; k++) {
      const column = to[checked.indices[k]!]!;
      if (column >= 0) row.set(column, (row.get(column) ?? 0) + checked.data[k]!);
    }
    for (const [column, value] of row) {
      indices.push(column);
      data.push(value);
    }
    indptr[r + 1] = indices.length;
  }
  return createCountMatrix({ barcodes: checked.barcodes, genes, indptr, indices, data }, source);
}
