/** Folds for slide-level labels: whole patients, every class in every fold. */
import { DataError } from '../../errors.ts';
import { type Fold, stratifiedKFold } from '../splits.ts';

export interface PatientFolds {
  readonly folds: readonly Fold[];
  /** Patients by the label they were counted under. */
  readonly patientsPerLabel: Readonly<Record<string, number>>;
  /** Patients whose items have different labels; counted under their most frequent one. */
  readonly mixedPatients: readonly string[];
}

/** The most frequent label; of equals the first by name. */
function mainLabel(labels: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const label of [...labels].sort()) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/**
 * Stratified k-fold over patients: a patient's items stay together, and patients of each label are spread
 * evenly (counts differ by at most 1 between folds).
 *
 * @param labels   one per item (slide, patch).
 * @param patients one name per item.
 * @param seed     shuffles which patient of a label goes where; without it, by first appearance.
 * @throws UsageError when a label has fewer patients than folds: choose fewer folds or leave the label out.
 * @throws DataError for lists of unequal length.
 */
export function patientStratifiedKFold(
  labels: readonly string[],
  patients: readonly string[],
  folds: number,
  seed?: number,
): PatientFolds {
  if (labels.length !== patients.length) {
    throw new DataError('patient folds', {
      need: `${labels.length} patients, one per label`,
      found: `${patients.length}`,
    });
  }
  const items = new Map<string, number[]>();
  for (const [i, patient] of patients.entries()) items.set(patient, [...(items.get(patient) ?? []), i]);
  const names = [...items.keys()];
  const own = names.map((name) => items.get(name)!.map((i) => labels[i]!));
  const main = own.map(mainLabel);
  const expand = (chosen: readonly number[]) =>
    chosen.flatMap((p) => items.get(names[p]!)!).sort((a, b) => a - b);
  const counts: Record<string, number> = {};
  for (const label of [...main].sort()) counts[label] = (counts[label] ?? 0) + 1;
  return {
    folds: stratifiedKFold(main, folds, seed).map(({ name, train, test }) => ({
      name,
      train: expand(train),
      test: expand(test),
    })),
    patientsPerLabel: counts,
    mixedPatients: names.filter((_, p) => new Set(own[p]).size > 1),
  };
}
