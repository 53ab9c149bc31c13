/** Named ways to divide a cohort's spots, as a user asks for them. */
import { UsageError } from '../errors.ts';
import type { Section } from '../spatial/index.ts';
import { type Fold, groupKFold, kFold, leaveOneGroupOut } from './splits.ts';

/**
 * - `study`, `patient`, `section`: each one held out once (LOSO is `study`);
 * - `random-sections`: k-fold over sections, the paper's random split as far as it is known;
 * - `random-patients`: k-fold that keeps patients whole;
 * - `random-spots`: k-fold over spots: neighbours stand on both sides, an upper bound and no test of transfer.
 */
export const SPLIT_NAMES = [
  'study',
  'patient',
  'section',
  'random-sections',
  'random-patients',
  'random-spots',
] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

export interface RandomSplitOptions {
  /** Folds of the random splits; at most as many as there are sections, patients or spots. */
  readonly folds: number;
  readonly seed: number;
}

/** A split of spots; indices count through all sections in order. */
export interface SplitPlan {
  readonly name: SplitName;
  /** One line for tables and protocol cards. */
  readonly title: string;
  readonly folds: readonly Fold[];
}

/** Name of a donor that is unique over studies. */
export function patientKey({ study, patient }: Section, sections: readonly Section[]): string {
  return sections.every((other) => other.study === study) ? patient : `${study} / ${patient}`;
}

/** Spot indices of every section. */
function spotsOf(sections: readonly Section[]): number[][] {
  let next = 0;
  return sections.map(({ spots }) => spots.map(() => next++));
}

/** Folds over sections as folds over their spots. */
function overSpots(folds: readonly Fold[], sections: readonly Section[]): Fold[] {
  const spots = spotsOf(sections);
  return folds.map(({ name, train, test }) => ({
    name,
    train: train.flatMap((s) => spots[s]!),
    test: test.flatMap((s) => spots[s]!),
  }));
}

/** The split that fits a cohort: by study where there are several, else by patient, else by section. */
export function defaultSplit(sections: readonly Section[]): SplitName {
  const several = (names: readonly string[]) => new Set(names).size > 1;
  if (several(sections.map(({ study }) => study))) return 'study';
  return several(sections.map(({ patient }) => patient)) ? 'patient' : 'section';
}

/**
 * Makes a named split.
 *
 * @throws UsageError when there are too few studies, patients or sections for it.
 */
export function planSplit(
  name: SplitName,
  sections: readonly Section[],
  { folds, seed }: RandomSplitOptions,
): SplitPlan {
  const patients = sections.map((section) => patientKey(section, sections));
  const held = (groups: readonly string[], what: string): SplitPlan => ({
    name,
    title: `leave-one-${what}-out`,
    folds: overSpots(leaveOneGroupOut(groups), sections),
  });
  const random = (over: string, made: readonly Fold[], bySection = true): SplitPlan => ({
    name,
    title: `random ${made.length}-fold over ${over}, seed ${seed}`,
    folds: bySection ? overSpots(made, sections) : made,
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
    case 'random-sections':
      return random('sections', kFold(sections.length, folds, seed));
    case 'random-patients':
      return random('patients', groupKFold(patients, folds, seed));
    case 'random-spots':
      return random(
        'spots',
        kFold(
          sections.reduce((n, { spots }) => n + spots.length, 0),
          folds,
          seed,
        ),
        false,
      );
    default:
      throw new UsageError('split', { need: `one of ${SPLIT_NAMES.join(', ')}`, found: `"${name}"` });
  }
}
