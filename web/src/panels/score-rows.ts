/** The rows of the table of scores, their order, and what shows them. */
import type { RunDetail } from '../../../src/contract/index.ts';

export type Split = RunDetail['splits'][number];

export interface ScoreRow {
  readonly gene: string;
  readonly pcc: readonly (number | null)[];
  /** Mean of the folds in which the gene has a score, or null. */
  readonly mean: number | null;
}

/** A part of the page in which one gene is marked. */
export interface Marked {
  readonly root: HTMLElement;
  /** Marks another gene; focus, order and scrolling stay. */
  setCurrent(gene: string | null): void;
}

/** `gene`, `mean`, or the number of a fold. */
export type SortKey = 'gene' | 'mean' | number;

export function scoreRows({ genes }: Split): ScoreRow[] {
  return genes.map(({ gene, pcc }) => {
    const known = pcc.filter((value) => value !== null);
    const mean = known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
    return { gene, pcc, mean };
  });
}

/** Sorted anew; what has no score comes last either way. */
export function sortRows(rows: readonly ScoreRow[], key: SortKey, descending: boolean): ScoreRow[] {
  const sign = descending ? -1 : 1;
  const value = (row: ScoreRow) =>
    key === 'mean' ? row.mean : typeof key === 'number' ? row.pcc[key]! : null;
  return [...rows].sort((a, b) => {
    const byName = a.gene < b.gene ? -1 : a.gene > b.gene ? 1 : 0;
    if (key === 'gene') return sign * byName;
    const [left, right] = [value(a) ?? null, value(b) ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null) || byName;
    return sign * (left - right) || byName;
  });
}
