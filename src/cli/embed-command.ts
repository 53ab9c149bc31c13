import { Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { EmbedRun } from '../pipeline/index.ts';
import {
  addCohortOptions,
  addPatchOriginOptions,
  COHORT_HELP,
  type CohortFlags,
  droppedLines,
  failureLines,
  PATCH_ORIGIN_NAMES,
  type PatchOriginFlags,
  precutLines,
  readSections,
  reportFailures,
} from './cohort-options.ts';
import { embedProgress } from './embed-progress.ts';
import { type EmbedSlideFlags, namesSlides, runEmbedSlides } from './embed-slides-run.ts';
import { addEncoderOptions, type EncoderFlags, encoderSettings } from './encoder-options.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';
import { addShardOption, addTissueOptions, refuseOptions, SLIDE_OPTION_NAMES } from './slide-options.ts';
import { formatTable } from './table.ts';

interface Flags extends EncoderFlags, CohortFlags, PatchOriginFlags, EmbedSlideFlags {
  readonly pictures?: boolean;
}

const EXAMPLES = `
Examples:
  # every spot of a cohort, 112 um patches at 224 px, with published weights
  $ mvhybrid embed cohort/ --weights mvhybrid.pth --out embeddings/
  # a control with random weights
  $ mvhybrid embed cohort/cohort.csv --random-init 0 --out control/
  # a folder of 256 px pictures
  $ mvhybrid embed patches/ --pictures --size 256 --weights teacher.safetensors --out embeddings/

  # whole slides: tissue, patches, embeddings; several processes or machines may share the folder
  $ mvhybrid embed slides/ --slides --weights mvhybrid.pth --min-tissue 0.15 --out embeddings/
  # where CLAM, TRIDENT or \`mvhybrid tile\` cut them
  $ mvhybrid embed a.svs b.svs --coords tiles/ --weights mvhybrid.pth --out embeddings/

Writes one HDF5 file per section: embeddings (N, D) float32, barcodes (N), coords (N, 2) level-0 top left corners.
For slides also state/ (what is done, who is at it) and run-report.json; a slide that fails is listed at the end.
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

/** Options that only whole slides use. */
function addSlideOptions(command: Command): Command {
  command
    .optionsGroup('Whole slides:')
    .option('--slides', 'the arguments are whole slides, or folders of them')
    .option('--coords <folder>', 'use the patches that CLAM, TRIDENT or `tile` left there')
    .addOption(
      new Option('--stain <method>', 'normalise stain, one fit per slide').choices(['macenko', 'reinhard']),
    )
    .option('--stain-target <picture>', 'whose stain to take over (default: a common H&E)');
  return addShardOption(addTissueOptions(command));
}

function onlyInput(inputs: readonly string[]): string {
  if (inputs.length === 1) return inputs[0]!;
  throw new UsageError('embed', {
    need: 'one cohort, or one folder of pictures',
    found: `${inputs.length} arguments`,
    next: 'give one; several slides need no --pictures',
  });
}

export function embedCommand(): Command {
  const command = new Command('embed')
    .summary('spots, pictures or whole slides to feature vectors')
    .description(
      'Turns the patch around every spot, or every patch of tissue of whole slides, into a feature vector (HDF5).',
    )
    .argument(
      '<inputs...>',
      `${COHORT_HELP}; with --pictures a folder of pictures; or whole slides: files, lists (.txt), with --slides folders`,
    )
    .requiredOption('--out <folder>', 'where the files go')
    .option(
      '--pictures',
      'the argument is a folder of PNG, JPEG or TIFF pictures of the size given with --size',
    )
    .option('--overwrite', 'replace results and unfinished work made with other settings')
    .option('--json', 'print the result as JSON');
  addPatchOriginOptions(addCohortOptions(addEncoderOptions(command)));
  addSlideOptions(command).addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async (context, inputs: string[], flags: Flags, self: Command) => {
      const { signal, markFailed } = context;
      const settings = encoderSettings(flags);
      if (flags.slides || (!flags.pictures && namesSlides(inputs)))
        return runEmbedSlides(context, inputs, flags, settings, self);
      refuseOptions(self, SLIDE_OPTION_NAMES, 'embedding of sections and pictures');
      const { embedPictures, embedSections } = await import('../pipeline/index.ts');
      const path = onlyInput(inputs);
      using progress = embedProgress();
      const { overwrite = false, patches, precutMpp } = flags;
      const options = { overwrite, patches, precutMpp, onProgress: progress.onProgress };
      let run: EmbedRun;
      if (flags.pictures) {
        refuseOptions(self, PATCH_ORIGIN_NAMES, 'embedding of pictures');
        run = await embedPictures(path, flags.out, settings, options);
      } else {
        const cohort = await readSections(path, flags, signal);
        for (const line of droppedLines(cohort.sections)) process.stderr.write(`${line}\n`);
        run = await embedSections(cohort.sections, flags.out, settings, options);
        run = { ...run, failures: [...cohort.failures, ...run.failures] };
      }
      progress.stop();
      for (const line of precutLines(run.outcomes)) process.stderr.write(`${line}\n`);
      const failures = failureLines(run.failures);
      createOutput(flags.json ?? false).result({ ...run, failures }, () => report(run));
      reportFailures(run.failures, markFailed);
    }),
  );
}
