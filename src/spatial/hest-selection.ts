/** Choosing samples from HEST-1k's table, and warning of samples that are one and the same tissue. */
import { UsageError } from '../errors.ts';
import type { HestSample, HestStudyKey } from './hest-samples.ts';
import { hestStudy } from './hest-samples.ts';
import { ALIKE_MARKS, THUMBNAIL_MARKS, type ThumbnailHash, thumbnailDistance } from './hest-thumbnails.ts';

/** OncoTree codes of colorectal adenocarcinoma: colon, rectum, and either. */
export const COLORECTAL_CODES = ['COAD', 'READ', 'COADREAD'] as const;

export interface HestFilter {
  /** OncoTree codes; default any. */
  readonly oncotree?: readonly string[];
  /** Exactly as in the table: `Visium` does not include `Visium HD`. Default any. */
  readonly technology?: readonly string[];
  readonly species?: string;
  /** At least this many measured genes; samples without the number are left out. */
  readonly minGenes?: number;
  /** At most this many measured genes. */
  readonly maxGenes?: number;
  /** Only these ids. */
  readonly ids?: readonly string[];
  /** Leave these ids out, e.g. one of each duplicate pair. */
  readonly excludeIds?: readonly string[];
}

/** Samples that pass every filter, in the table's order. */
export function filterHestSamples(samples: readonly HestSample[], filter: HestFilter): HestSample[] {
  const { ids, oncotree, technology, species, minGenes = 0, maxGenes = Infinity, excludeIds = [] } = filter;
  const within = (list: readonly string[] | undefined, value: string | undefined) =>
    list === undefined || (value !== undefined && list.includes(value));
  const limited = filter.minGenes !== undefined || filter.maxGenes !== undefined;
  return samples.filter(({ id, genes, ...sample }) => {
    const counted = limited ? genes !== undefined && genes >= minGenes && genes <= maxGenes : true;
    const same = species === undefined || sample.species === species;
    const wanted =
      within(ids, id) && within(oncotree, sample.oncotree) && within(technology, sample.technology);
    return wanted && same && counted && !excludeIds.includes(id);
  });
}

/** The samples of one study, the unit of leave-one-study-out. */
export interface HestStudy {
  readonly name: string;
  readonly samples: readonly HestSample[];
}

/** A choice of samples with its studies. */
export interface HestSelection {
  readonly samples: readonly HestSample[];
  /** In order of first appearance. */
  readonly studies: readonly HestStudy[];
  readonly studyKey: HestStudyKey;
  readonly duplicates: readonly HestDuplicate[];
}

/**
 * Colorectal samples with their studies and duplicate warnings. Of table 1.1.0 without further filters: 64
 * samples, 11 titles, 12 titles with link. The published study speaks of 54 samples and 8 sources; no single filter
 * gives both with all three codes, so the choice is the caller's and is to be reported.
 *
 * @throws UsageError when nothing passes.
 */
export function selectColorectal(
  samples: readonly HestSample[],
  filter: Omit<HestFilter, 'oncotree'> = {},
  studyKey: HestStudyKey = 'title',
): HestSelection {
  const chosen = filterHestSamples(samples, { ...filter, oncotree: COLORECTAL_CODES });
  if (chosen.length === 0) {
    throw new UsageError('selectColorectal', {
      need: `samples of ${COLORECTAL_CODES.join(', ')} that pass the filter`,
      found: `none of ${samples.length}`,
    });
  }
  const studies = new Map<string, HestSample[]>();
  for (const sample of chosen) {
    const name = hestStudy(sample, studyKey);
    studies.set(name, [...(studies.get(name) ?? []), sample]);
  }
  return {
    samples: chosen,
    studies: [...studies].map(([name, members]) => ({ name, samples: members })),
    studyKey,
    duplicates: findDuplicates(chosen),
  };
}

/** Two samples that show one tissue. */
export interface HestDuplicate {
  readonly ids: readonly [string, string];
  /** What gives them away. */
  readonly reason: string;
  /** True when the pair stands under two titles, so that leaving one out leaks the other into training. */
  readonly acrossTitles: boolean;
}

/** Pairs that HEST's maintainers or users reported. */
const REPORTED: readonly (readonly [string, string, string])[] = [
  ['TENX128', 'TENX155', 'reported as one section (HEST issue 126)'],
];

/** Largest relative difference of two measurements of one image's pixel size. */
const SAME_MPP = 1e-4;

function sameImage(a: HestSample, b: HestSample): string | undefined {
  const alike = a.mpp !== undefined && b.mpp !== undefined && Math.abs(a.mpp - b.mpp) <= SAME_MPP * a.mpp;
  if (!alike) return undefined;
  if (a.spots !== undefined && a.spots === b.spots) return `equal spot count (${a.spots}) and pixel size`;
  const sized = a.widthPx !== undefined && a.heightPx !== undefined;
  if (sized && a.widthPx === b.widthPx && a.heightPx === b.heightPx) {
    return `equal image size (${a.widthPx} x ${a.heightPx} pixels) and pixel size`;
  }
  return undefined;
}

/** What thumbnails say about a pair: `alike` is a reason of its own, `differing` a doubt about the others. */
function comparedThumbnails(
  a: ThumbnailHash | undefined,
  b: ThumbnailHash | undefined,
): { readonly alike?: string; readonly differing?: string } {
  if (a === undefined || b === undefined) return {};
  const marks = thumbnailDistance(a, b);
  return marks <= ALIKE_MARKS
    ? { alike: `thumbnails alike (${marks} of ${THUMBNAIL_MARKS} marks differ)` }
    : { differing: `but thumbnails differ (${marks} of ${THUMBNAIL_MARKS} marks)` };
}

/**
 * Pairs that are reported, agree in pixel size and in spot count or image size, or have thumbnails alike. A warning,
 * not proof: the images decide.
 *
 * @param hashes thumbnails by id, see readThumbnailHashes; samples without one are compared by numbers alone.
 */
export function findDuplicates(
  samples: readonly HestSample[],
  hashes: ReadonlyMap<string, ThumbnailHash> = new Map(),
): HestDuplicate[] {
  const found: HestDuplicate[] = [];
  for (const [i, a] of samples.entries()) {
    for (const b of samples.slice(i + 1)) {
      const reported = REPORTED.find(([x, y]) => (x === a.id && y === b.id) || (x === b.id && y === a.id));
      const thumbnails = comparedThumbnails(hashes.get(a.id), hashes.get(b.id));
      const reasons = [reported?.[2], sameImage(a, b), thumbnails.alike].filter((one) => one !== undefined);
      if (reasons.length === 0) continue;
      const reason = [...reasons, thumbnails.differing].filter((one) => one !== undefined).join('; ');
      found.push({ ids: [a.id, b.id], reason, acrossTitles: a.title !== b.title });
    }
  }
  return found;
}
