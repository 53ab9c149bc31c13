/** Options of every command that reads sections, and the reading itself. */
import { type Command, Option } from 'commander';
import type { SectionOutcome } from '../pipeline/index.ts';
import {
  type Cohort,
  PATCH_ORIGINS,
  type PatchOrigin,
  readCohort,
  type Section,
  type SectionFailure,
} from '../spatial/index.ts';
import { nameList, positiveNumber } from './option-parsers.ts';
import { Progress } from './progress.ts';

export interface CohortFlags {
  readonly sections?: string[];
  readonly matrix: 'filtered' | 'raw';
  readonly unplacedCounts: 'error' | 'drop';
}

export const COHORT_HELP =
  'cohort.csv (id,path,patient,study[,image,mpp]), a folder of ST sections with meta.json, one ST section, a Space Ranger folder, or a HEST folder (st/, patches/, wsis/)';

export function addCohortOptions(command: Command): Command {
  return command
    .option('--sections <ids>', 'only these sections, between commas', nameList)
    .addOption(
      new Option('--matrix <kind>', 'which Space Ranger matrix')
        .choices(['filtered', 'raw'])
        .default('filtered'),
    )
    .addOption(
      new Option('--unplaced-counts <rule>', 'counts of barcodes that no spot has: refuse, or leave out')
        .choices(['error', 'drop'])
        .default('error'),
    );
}

export interface PatchOriginFlags {
  readonly patches?: PatchOrigin;
  readonly precutMpp?: number;
}

export const PATCH_ORIGIN_NAMES = ['patches', 'precutMpp'] as const;

/** `--patches` and `--precut-mpp`, for commands that embed the spots of sections. */
export function addPatchOriginOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--patches <origin>',
        "cut from the slide, or HEST's precut ones (default: cut; precut for sections without a slide)",
      ).choices([...PATCH_ORIGINS]),
    )
    .option('--precut-mpp <um>', 'micrometres per pixel of precut patches (default: 0.5)', positiveNumber);
}

/** The lines that say which sections used precut patches, and what these left out. */
export function precutLines(outcomes: readonly SectionOutcome[]): string[] {
  return outcomes.flatMap(({ id, precut }) => {
    if (precut === undefined) return [];
    const { sizePx, mpp, spotsWithoutPatch, patchesWithoutSpot } = precut;
    const left = [
      [spotsWithoutPatch, 'spots without a patch'],
      [patchesWithoutSpot, 'patches without a spot'],
    ].flatMap(([count, what]) => (Number(count) > 0 ? [`${count} ${what}`] : []));
    const out = left.length === 0 ? '' : `; left out ${left.join(', ')}`;
    return [`${id}: precut patches, ${sizePx} px at ${mpp} um per pixel${out}`];
  });
}

/** Reads the cohort with progress; sections that fail are in `failures`. */
export async function readSections(path: string, flags: CohortFlags, signal: AbortSignal): Promise<Cohort> {
  const { sections: ids, matrix, unplacedCounts } = flags;
  using progress = new Progress({ label: 'reading', total: ids?.length, unit: 'sections' });
  return readCohort(path, {
    ...(ids === undefined ? {} : { ids }),
    matrix,
    unplacedCounts,
    signal,
    onSection: (done) => progress.update(done),
  });
}

/** The lines at the end of a run that name what failed. */
export function failureLines(failures: readonly SectionFailure[]): string[] {
  return failures.map(
    ({ id, error }) => `failed: ${id}: ${error instanceof Error ? error.message : String(error)}`,
  );
}

/** Names on stderr what failed, and lets the exit code say so. */
export function reportFailures(failures: readonly SectionFailure[], markFailed: () => void): void {
  for (const line of failureLines(failures)) process.stderr.write(`${line}\n`);
  if (failures.length > 0) markFailed();
}

/** Spots left out when reading, one line per section that lost some. */
export function droppedLines(sections: readonly Section[]): string[] {
  return sections.flatMap(({ id, dropped }) => {
    if (dropped === undefined) return [];
    const parts = [
      [dropped.spotsWithoutCounts, 'spots without counts'],
      [dropped.countsWithoutSpot, 'counts without a spot'],
      [dropped.spotsOutsideTissue, 'spots marked outside the tissue'],
    ].flatMap(([count, what]) => (Number(count) > 0 ? [`${count} ${what}`] : []));
    return parts.length === 0 ? [] : [`${id}: left out ${parts.join(', ')}`];
  });
}
