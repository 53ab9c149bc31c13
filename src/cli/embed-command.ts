import { Command } from 'commander';
import type { EmbedRun } from '../pipeline/index.ts';
import {
  addCohortOptions,
  COHORT_HELP,
  type CohortFlags,
  droppedLines,
  failureLines,
  readSections,
  reportFailures,
} from './cohort-options.ts';
import { embedProgress } from './embed-progress.ts';
import { addEncoderOptions, type EncoderFlags, encoderSettings } from './encoder-options.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';
import { formatTable } from './table.ts';

interface Flags extends EncoderFlags, CohortFlags {
  readonly out: string;
  readonly pictures?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # every spot of a cohort, 112 um patches at 224 px, with published weights
  $ mvhybrid embed cohort/ --weights mvhybrid.pth --out embeddings/
  # a control with random weights
  $ mvhybrid embed cohort/cohort.csv --random-init 0 --out control/
  # a folder of 256 px pictures
  $ mvhybrid embed patches/ --pictures --size 256 --weights teacher.safetensors --out embeddings/

Writes one HDF5 file per section: embeddings (N, D) float32, barcodes (N), coords (N, 2) level-0 top left corners.
An interrupted run goes on where it stopped when the same command is given again.
`;

function report({ outcomes }: EmbedRun): string {
  const rows = outcomes.map(({ id, rows, resumedRows, path }) => [
    id,
    String(rows),
    String(resumedRows),
    path,
  ]);
  return formatTable(
    ['section', { header: 'patches', align: 'right' }, { header: 'already done', align: 'right' }, 'file'],
    rows,
  );
}

export function embedCommand(): Command {
  const command = new Command('embed')
    .summary('spots or pictures to feature vectors')
    .description('Turns the patch around every spot into a feature vector (HDF5, one file per section).')
    .argument('<cohort>', `${COHORT_HELP}; with --pictures a folder of pictures`)
    .requiredOption('--out <folder>', 'where the files go')
    .option(
      '--pictures',
      'the argument is a folder of PNG, JPEG or TIFF pictures of the size given with --size',
    )
    .option('--overwrite', 'replace results and unfinished work made with other settings')
    .option('--json', 'print the result as JSON');
  addCohortOptions(addEncoderOptions(command)).addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async ({ signal, markFailed }, path: string, flags: Flags) => {
      const { embedPictures, embedSections } = await import('../pipeline/index.ts');
      const settings = encoderSettings(flags);
      using progress = embedProgress();
      const options = { overwrite: flags.overwrite ?? false, onProgress: progress.onProgress };
      let run: EmbedRun;
      if (flags.pictures) run = await embedPictures(path, flags.out, settings, options);
      else {
        const cohort = await readSections(path, flags, signal);
        for (const line of droppedLines(cohort.sections)) process.stderr.write(`${line}\n`);
        run = await embedSections(cohort.sections, flags.out, settings, options);
        run = { ...run, failures: [...cohort.failures, ...run.failures] };
      }
      progress.stop();
      const failures = failureLines(run.failures);
      createOutput(flags.json ?? false).result({ ...run, failures }, () => report(run));
      reportFailures(run.failures, markFailed);
    }),
  );
}
