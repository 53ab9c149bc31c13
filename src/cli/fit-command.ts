import { join } from 'node:path';
import { Command } from 'commander';
import {
  addCohortOptions,
  addPatchOriginOptions,
  COHORT_HELP,
  type CohortFlags,
  type PatchOriginFlags,
  precutLines,
  readSections,
  reportFailures,
} from './cohort-options.ts';
import { embedProgress } from './embed-progress.ts';
import { addEncoderOptions, type EncoderFlags, encoderSettings } from './encoder-options.ts';
import { createOutput } from './output.ts';
import { addProbeOptions, type ProbeFlags, probeOptions, targetOptions } from './probe-options.ts';
import { runCommand } from './run-command.ts';
import { formatTable } from './table.ts';

interface Flags extends EncoderFlags, CohortFlags, PatchOriginFlags, ProbeFlags {
  readonly out: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ mvhybrid fit cohort/ --weights mvhybrid.pth --out model/
  $ mvhybrid predict model/head.safetensors new-section/ --weights mvhybrid.pth --genes ERBB2,CD74 --out predicted/

Writes head.safetensors (weights, gene names, and a card that names the encoder) and embeddings/ into the folder.
`;

export function fitCommand(): Command {
  const command = new Command('fit')
    .summary('train an expression head on all sections of a cohort')
    .description(
      'Fits one ridge regression from features to gene expression on all sections, for use by `predict`.',
    )
    .argument('<cohort>', COHORT_HELP)
    .requiredOption('--out <folder>', 'where the head and the embeddings go');
  addPatchOriginOptions(addCohortOptions(addEncoderOptions(addProbeOptions(command))))
    .option('--overwrite', 'replace embeddings made with other settings')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async ({ signal, markFailed }, path: string, flags: Flags, self: Command) => {
      const { fitHead } = await import('../pipeline/index.ts');
      const cohort = await readSections(path, flags, signal);
      const targets = await targetOptions(flags, self);
      using progress = embedProgress();
      const target = join(flags.out, 'head.safetensors');
      const { overwrite = false, patches, precutMpp } = flags;
      const { head, failures, outcomes } = await fitHead(
        cohort.sections,
        { path: target, folder: flags.out },
        encoderSettings(flags),
        {
          targets,
          probe: probeOptions(flags),
          components: flags.pca === 'none' ? undefined : flags.pca,
          embed: { overwrite, patches, precutMpp, onProgress: progress.onProgress },
        },
      );
      progress.stop();
      for (const line of precutLines(outcomes)) process.stderr.write(`${line}\n`);
      const { genes, card } = head;
      createOutput(flags.json ?? false).result({ path: target, genes, card }, () => {
        return `${formatTable(['head', target], [...Object.entries(card), ['genes', String(genes.length)]])}\n`;
      });
      reportFailures([...cohort.failures, ...failures], markFailed);
    }),
  );
}
