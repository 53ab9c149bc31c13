/** Named ways to divide a cohort's spots, as a user asks for them. */
import { UsageError } from '../errors.ts';
import type { Section } from '../spatial/index.ts';
import { type Fold, groupKFold, hestPatientSplit, kFold, leaveOneGroupOut } from './splits.ts';

/**
 * - `study`, `patient`, `section`: each one held out once (LOSO is `study`);
 * - `hest-patients`: HEST-Benchmark's folds of whole patients, `folds` of them or nearly so;
 * - `task`: the split files of a task folder of HEST-Benchmark;
 * - `random-sections`: k-fold over sections, the paper's random split as far as it is known;
 * - `random-patients`: k-fold that keeps patients whole;
 * - `random-spots`: k-fold over spots: neighbours stand on both sides, an upper bound and no test of transfer.
 */
export const SPLIT_NAMES = [
  'study',
  'patient',
  'section',
  'hest-patients',
  'task',
  'random-sections',
  'random-patients',
  'random-spots',
] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

/** A fold as split files give it: ids of sections. */
export interface GivenFold {
  readonly train: readonly string[];
  readonly test: readonly string[];
}

export interface RandomSplitOptions {
  /** Folds of the random splits and of `hest-patients`; at most as many as there are sections, patients or spots. */
  readonly folds: number;
  readonly seed: number;
  /** Folds of `task`. */
  readonly given?: readonly GivenFold[] | undefined;
}

/** A split of spots (or of sections: {@link planSections}); indices count through all sections in order. */
export interface SplitPlan {
  readonly name: SplitName;
  /** One line for tables and protocol cards. */
  readonly title: string;
  readonly folds: readonly Fold[];
}

/** What a split over sections looks at. */
export type SplitSection = Pick<Section, 'id' | 'patient' | 'study'>;

/** Name of a donor that is unique over studies. */
export function patientKey({ study, patient }: SplitSection, sections: readonly SplitSection[]): string {
  return sections.every((other) => other.study === study) ? patient : `${study} / ${patient}`;
}

/** Folds over sections as folds over their spots. */
function overSpots(folds: readonly Fold[], sections: readonly Section[]): Fold[] {
  let next = 0;
  const spots = sections.map((section) => section.spots.map(() => next++));
  return folds.map(({ name, train, test }) => ({
    name,
    train: train.flatMap((s) => spots[s]!),
    test: test.flatMap((s) => spots[s]!),
  }));
}

/** The split that fits a cohort: by study where there are several, else by patient, else by section. */
export function defaultSplit(sections: readonly SplitSection[]): SplitName {
  const several = (names: readonly string[]) => new Set(names).size > 1;
  if (several(sections.map(({ study }) => study))) return 'study';
  return several(sections.map(({ patient }) => patient)) ? 'patient' : 'section';
}

/** @throws UsageError without split files, or when they name a section that is not there. */
function givenFolds(given: readonly GivenFold[] | undefined, sections: readonly SplitSection[]): Fold[] {
  if (given === undefined) {
    throw new UsageError('split', {
      need: 'split files for the split `task`',
      found: 'none',
      next: 'name a task folder of HEST-Benchmark with splits/train_0.csv and so on',
    });
  }
  const at = new Map(sections.map(({ id }, i) => [id, i]));
  const place = (id: string) => {
    const index = at.get(id);
    if (index !== undefined) return index;
    throw new UsageError('split', {
      need: 'every section that the split files name',
      found: `no section ${id}`,
      next: 'read the whole task, without --sections',
    });
  };
  return given.map(({ train, test }, i) => ({
    name: `fold ${i}`,
    train: train.map(place),
    test: test.map(place),
  }));
}

/**
 * Makes a named split of whole sections.
 *
 * @throws UsageError when there are too few studies, patients or sections for it, and for `random-spots`.
 */
export function planSections(
  name: SplitName,
  sections: readonly SplitSection[],
  { folds, seed, given }: RandomSplitOptions,
): SplitPlan {
  const patients = sections.map((section) => patientKey(section, sections));
  const held = (groups: readonly string[], what: string): SplitPlan => ({
    name,
    title: `leave-one-${what}-out`,
    folds: leaveOneGroupOut(groups),
  });
  const random = (over: string, made: readonly Fold[]): SplitPlan => ({
    name,
    title: `random ${made.length}-fold over ${over}, seed ${seed}`,
    folds: made,
  });
  switch (name) {
    case 'study':
      return held(
        sections.map(({ study }) => study),
        'study',
      );
    case 'patient':
      return held(patients, 'patient');
    case 'section':
      return held(
        sections.map(({ id }) => id),
        'section',
      );
    case 'hest-patients': {
      const made = hestPatientSplit(sections, folds);
      return { name, title: `${made.length} folds of whole patients by HEST's rule`, folds: made };
    }
    case 'task': {
      const made = givenFolds(given, sections);
      return { name, title: `${made.length} folds of the task's split files`, folds: made };
    }
    case 'random-sections':
      return random('sections', kFold(sections.length, folds, seed));
    case 'random-patients':
      return random('patients', groupKFold(patients, folds, seed));
    default:
      throw new UsageError('split', {
        need: `a split of whole sections: ${SPLIT_NAMES.filter((one) => one !== 'random-spots').join(', ')}`,
        found: `"${name}"`,
      });
  }
}

/**
 * Makes a named split of spots.
 *
 * @throws UsageError when there are too few studies, patients or sections for it.
 */
export function planSplit(
  name: SplitName,
  sections: readonly Section[],
  options: RandomSplitOptions,
): SplitPlan {
  if (name !== 'random-spots') {
    const plan = planSections(name, sections, options);
    return { ...plan, folds: overSpots(plan.folds, sections) };
  }
  const { folds, seed } = options;
  const spots = sections.reduce((n, section) => n + section.spots.length, 0);
  const made = kFold(spots, folds, seed);
  return { name, title: `random ${made.length}-fold over spots, seed ${seed}`, folds: made };
}
