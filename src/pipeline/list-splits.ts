/** Splits of a HEST selection and what stands on both sides of them, from its sample table alone: no counts, no slides. */
import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import {
  type Fold,
  findLeaks,
  type LeakFinding,
  planSections,
  type SplitName,
  type SplitUnit,
} from '../eval/index.ts';
import {
  COLORECTAL_CODES,
  filterHestSamples,
  findDuplicates,
  type HestDuplicate,
  type HestFilter,
  type HestSample,
  type HestStudyKey,
  hestStudy,
  readHestSamples,
  readThumbnailHashes,
} from '../spatial/index.ts';
import { pathKind } from '../spatial/paths.ts';

export const SELECTIONS = ['colorectal', 'all'] as const;
export type Selection = (typeof SELECTIONS)[number];

export interface ListSplitsOptions {
  readonly selection: Selection;
  readonly filter?: Omit<HestFilter, 'oncotree'>;
  readonly studyKey: HestStudyKey;
  readonly splits: readonly SplitName[];
  /** Of the random splits and of `hest-patients`. */
  readonly folds: number;
  readonly seed: number;
  /** Groups of ids known to be the same tissue. */
  readonly duplicates?: readonly (readonly string[])[];
}

/** A sample as it is listed. */
export interface ListedSample extends HestSample {
  readonly study: string;
}

export interface ListedFold {
  readonly name: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly leaks: readonly LeakFinding[];
}

/** Plain JSON. */
export interface SplitListing {
  readonly kind: 'splits';
  readonly selection: Selection;
  readonly samples: readonly ListedSample[];
  readonly studies: readonly { readonly name: string; readonly samples: readonly string[] }[];
  /** Samples that name a patient; the others of a title count as one. */
  readonly withPatient: number;
  readonly thumbnails: number;
  readonly duplicates: readonly HestDuplicate[];
  readonly splits: readonly {
    readonly name: SplitName;
    readonly title: string;
    readonly folds: readonly ListedFold[];
  }[];
}

const NO_PATIENT = 'no patient named';

/** What a table says about a sample in the form of the leak check; what it does not say is set apart by the id. */
function unitOf({ id, patient = NO_PATIENT, title, spots = 0, mpp = 0 }: HestSample): SplitUnit {
  return {
    section: id,
    patient,
    study: title,
    image: id,
    barcodeDigest: id,
    countDigest: id,
    spots,
    mpp,
  };
}

/** Marks of one tissue that stand on both sides; those of a reported pair are certain. */
function pairLeaks({ name, train, test }: ListedFold, duplicates: readonly HestDuplicate[]): LeakFinding[] {
  return duplicates.flatMap(({ ids: [a, b], reason }) => {
    const across = (x: string, y: string) => train.includes(x) && test.includes(y);
    const sides = across(a, b) ? [a, b] : across(b, a) ? [b, a] : undefined;
    if (sides === undefined) return [];
    const [inTrain, inTest] = sides as [string, string];
    return [
      {
        kind: 'duplicate' as const,
        severity: reason.startsWith('reported') ? ('leak' as const) : ('suspect' as const),
        fold: name,
        train: [inTrain],
        test: [inTest],
        message: `${name}: ${inTrain} in training and ${inTest} in test: ${reason}`,
      },
    ];
  });
}

/** Samples of a title that name no patient may come from one, and may not. */
function withoutPatient(leak: LeakFinding, named: ReadonlySet<string>): LeakFinding {
  if (named.has(leak.train[0]!)) return leak;
  const message = `${leak.fold}: samples of one title without a patient on both sides (training: ${leak.train.join(', ')}; test: ${leak.test.join(', ')})`;
  return { ...leak, severity: 'suspect', message };
}

function listFold(
  fold: Fold,
  samples: readonly HestSample[],
  duplicates: readonly HestDuplicate[],
  known: readonly (readonly string[])[],
): ListedFold {
  const ids = (indices: readonly number[]) => indices.map((i) => samples[i]!.id);
  const sides = { name: fold.name, train: ids(fold.train), test: ids(fold.test) };
  // Spot count with pixel size is one of the marks of `duplicates`, which look at more.
  const found = findLeaks(fold, samples.map(unitOf), known).filter(
    ({ kind }) => kind !== 'spots-and-pixel-size',
  );
  const named = new Set(samples.flatMap(({ id, patient }) => (patient === undefined ? [] : [id])));
  const certain = found.map((leak) => (leak.kind === 'patient' ? withoutPatient(leak, named) : leak));
  return { ...sides, leaks: [...certain, ...pairLeaks({ ...sides, leaks: [] }, duplicates)] };
}

function choose(samples: readonly HestSample[], { selection, filter = {} }: ListSplitsOptions): HestSample[] {
  const codes = selection === 'colorectal' ? { oncotree: COLORECTAL_CODES } : {};
  const chosen = filterHestSamples(samples, { ...filter, ...codes });
  if (chosen.length > 0) return chosen;
  throw new UsageError('splits', {
    need: `${selection === 'all' ? '' : `${COLORECTAL_CODES.join(', ')} `}samples that pass the filters`,
    found: `none of ${samples.length}`,
    next: 'leave a filter out',
  });
}

/**
 * Chooses samples and divides them, with the leaks of every fold: a patient on both sides, and pairs that are reported as
 * one section, have equal spot count or image size and pixel size, or thumbnails alike.
 *
 * @param path HEST's sample table, or a folder that holds it (then `thumbnails/` is looked at too).
 * @throws UsageError for an absent path, no sample, or a split that they are too few for; DataError for an unusable table.
 */
export async function listSplits(path: string, options: ListSplitsOptions): Promise<SplitListing> {
  const { studyKey, selection, folds, seed, duplicates: known = [] } = options;
  const samples = choose(await readHestSamples(path), options);
  const root = (await pathKind(path)) === 'folder' ? path : dirname(path);
  const ids = samples.map(({ id }) => id);
  const hashes = await readThumbnailHashes(root, ids);
  const duplicates = findDuplicates(samples, hashes);
  const listed = samples.map((sample) => ({ ...sample, study: hestStudy(sample, studyKey) }));
  const studies = new Map<string, string[]>();
  for (const { id, study } of listed) studies.set(study, [...(studies.get(study) ?? []), id]);
  // Patients are told apart within a title, whatever counts as a study.
  const sectionsFor = (name: SplitName) =>
    listed.map(({ id, study, title, patient = NO_PATIENT }) => {
      return { id, study: name === 'study' ? study : title, patient };
    });
  return {
    kind: 'splits',
    selection,
    samples: listed,
    studies: [...studies].map(([name, members]) => ({ name, samples: members })),
    withPatient: samples.filter(({ patient }) => patient !== undefined).length,
    thumbnails: hashes.size,
    duplicates,
    splits: options.splits.map((name) => {
      const plan = planSections(name, sectionsFor(name), { folds, seed });
      return {
        name,
        title: plan.title,
        folds: plan.folds.map((fold) => listFold(fold, samples, duplicates, known)),
      };
    }),
  };
}
