/** Options of every command that reads sections, and the reading itself. */
import { type Command, Option } from 'commander';
import type { Cohort, Section, SectionFailure } from '../spatial/index.ts';
import { readCohort } from '../spatial/index.ts';
import { nameList } from './option-parsers.ts';
import { Progress } from './progress.ts';

export interface CohortFlags {
  readonly sections?: string[];
  readonly matrix: 'filtered' | 'raw';
  readonly unplacedCounts: 'error' | 'drop';
}

export const COHORT_HELP =
  'cohort.csv (id,path,patient,study[,image,mpp]), a folder of ST sections with meta.json, one ST section, or a Space Ranger folder';

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
