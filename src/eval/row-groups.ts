import type { Fold } from './splits.ts';

/** Rows that every fold treats alike. */
export interface RowGroup {
  readonly rows: readonly number[];
  /** Folds that train on these rows. */
  readonly trainedBy: ReadonlySet<number>;
}

/**
 * The coarsest partition of the rows such that each fold's training set is a union of groups. For k-fold splits
 * that is one group per test set, so work done per group serves k - 1 folds. Rows that no fold trains on are left
 * out.
 *
 * @param labels one per row; rows of different labels never share a group. Default: no such wish.
 */
export function rowGroups(folds: readonly Fold[], count: number, labels?: readonly string[]): RowGroup[] {
  const memberships: number[][] = Array.from({ length: count }, () => []);
  for (const [f, { train }] of folds.entries()) for (const row of train) memberships[row]!.push(f);
  const groups = new Map<string, { rows: number[]; trainedBy: Set<number> }>();
  for (const [row, trainedBy] of memberships.entries()) {
    if (trainedBy.length === 0) continue;
    const key = labels === undefined ? trainedBy.join() : `${trainedBy.join()} ${labels[row]!}`;
    const group = groups.get(key) ?? { rows: [], trainedBy: new Set(trainedBy) };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()];
}
