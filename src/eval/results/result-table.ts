/** Rows for people: what the command line prints and a report shows. Nothing here prints. */

export interface ResultColumn {
  readonly header: string;
  /** Default `left`. */
  readonly align?: 'left' | 'right';
}

export interface ResultTable {
  readonly columns: readonly ResultColumn[];
  /** One cell per column. */
  readonly rows: readonly (readonly string[])[];
}

/** Columns from headers: the first to the left, the others (numbers) to the right. */
export function numberColumns(first: string, ...others: readonly string[]): ResultColumn[] {
  return [{ header: first }, ...others.map((header) => ({ header, align: 'right' as const }))];
}

/** A number with fixed decimals; `n/a` for one that is not defined. */
export function cell(value: number | null, decimals = 3): string {
  return value === null || Number.isNaN(value) ? 'n/a' : value.toFixed(decimals);
}
