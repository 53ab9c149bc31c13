/** Training, validation and test rows of one fold. */
import { DataError, UsageError } from '../../errors.ts';
import { type Fold, randomSplit } from '../splits.ts';
import { classCounts } from './labels.ts';

/** A division that may bring its own validation rows. */
export interface EvaluationFold extends Fold {
  readonly validation?: readonly number[];
}

/** Disjoint rows. */
export interface FoldRows {
  readonly name: string;
  readonly train: readonly number[];
  /** Empty when the method looks at none. */
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

export interface FoldRowsOptions {
  /** Whether validation rows are wanted at all. */
  readonly needed: boolean;
  /** Share of the training rows (of the patients, where known) to set aside when the fold brings none. */
  readonly fraction: number;
  readonly seed: number;
  readonly patients?: readonly string[] | undefined;
}

/**
 * The rows of a fold. Validation rows that the fold does not bring are set aside from training by a seeded draw,
 * whole patients where these are known; rows the fold names for validation count as training where none are needed.
 */
export function foldRows(
  fold: EvaluationFold,
  { needed, fraction, seed, patients }: FoldRowsOptions,
): FoldRows {
  const { name, train, test, validation } = fold;
  if (!needed) return { name, train: [...train, ...(validation ?? [])], validation: [], test };
  if (validation !== undefined) return { name, train, validation, test };
  const groups = patients === undefined ? {} : { groups: train.map((i) => patients[i]!) };
  const drawn = randomSplit(train.length, { testFraction: fraction, seed, ...groups });
  return {
    name,
    train: drawn.train.map((i) => train[i]!),
    validation: drawn.test.map((i) => train[i]!),
    test,
  };
}

/**
 * Refuses folds that a score could not be trusted on: an index out of range, a row on two sides, no training or
 * test row, a patient on both sides.
 */
export function checkFold(rows: FoldRows, count: number, patients?: readonly string[]): void {
  const sideOf = new Map<number, string>();
  for (const side of ['train', 'validation', 'test'] as const) {
    for (const i of rows[side]) {
      const before = sideOf.get(i);
      const valid = Number.isInteger(i) && i >= 0 && i < count;
      if (!valid || before !== undefined) {
        throw new UsageError('evaluation folds', {
          need: `each of the rows 0 to ${count - 1} at most once in ${rows.name}`,
          found: before === undefined ? `row ${i} in ${side}` : `row ${i} in ${before} and ${side}`,
        });
      }
      sideOf.set(i, side);
    }
  }
  if (rows.train.length === 0 || rows.test.length === 0) {
    throw new UsageError('evaluation folds', {
      need: `training and test rows in ${rows.name}`,
      found: `${rows.train.length} and ${rows.test.length}`,
    });
  }
  if (patients === undefined) return;
  const held = new Set(rows.test.map((i) => patients[i]!));
  const shared = [...rows.train, ...rows.validation].map((i) => patients[i]!).find((p) => held.has(p));
  if (shared === undefined) return;
  throw new DataError('evaluation folds', {
    need: `every patient on one side of ${rows.name}`,
    found: `patient ${shared} on both`,
    next: 'split by patient',
  });
}

/** Remarks on classes that a side lacks. */
export function classNotes(rows: FoldRows, codes: Int32Array, classes: readonly string[]): string[] {
  const of = (side: readonly number[]) =>
    classCounts(
      side.map((i) => codes[i]!),
      classes.length,
    );
  const notes: string[] = [];
  const train = of(rows.train);
  const there = classes.filter((_, k) => train[k]! > 0);
  if (there.length === 1) notes.push(`training holds only ${there[0]}: every item is called so`);
  else if (there.length < classes.length) {
    const absent = classes.filter((_, k) => train[k] === 0);
    notes.push(`training lacks ${absent.join(', ')}: never called`);
  }
  const validation = of(rows.validation);
  const blind = classes.filter((_, k) => rows.validation.length > 0 && validation[k] === 0 && train[k]! > 0);
  if (blind.length > 0) notes.push(`validation lacks ${blind.join(', ')}: choices do not see them`);
  return notes;
}
