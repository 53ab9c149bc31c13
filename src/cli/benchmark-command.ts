import { Command, Option } from 'commander';
import { FOLD_METRICS, SPLIT_NAMES, type SplitName, type UndefinedPolicy } from '../eval/index.ts';
import { benchmarkText } from './benchmark-text.ts';
import {
  addCohortOptions,
  COHORT_HELP,
  type CohortFlags,
  droppedLines,
  readSections,
  reportFailures,
} from './cohort-options.ts';
import { embedProgress } from './embed-progress.ts';
import { addEncoderOptions, type EncoderFlags, encoderSettings } from './encoder-options.ts';
import { choiceList, positiveInteger, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { addProbeOptions, type ProbeFlags, probeOptions, targetOptions } from './probe-options.ts';
import { runCommand } from './run-command.ts';

interface Flags extends EncoderFlags, CohortFlags, ProbeFlags {
  readonly out: string;
  readonly split?: SplitName[];
  readonly folds: number;
  readonly splitSeed: number;
  readonly geneScope: 'train' | 'all';
  readonly undefinedAs: UndefinedPolicy;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # leave-one-study-out (or leave-one-patient-out where there is one study)
  $ mvhybrid benchmark expression cohort/ --weights mvhybrid.pth --out results/
  # random split beside leave-one-study-out, 200 genes, no PCA
  $ mvhybrid benchmark expression cohort.csv --random-init 0 --split random-sections,study --gene-count 200 --pca none --out results/

Writes result.json (protocol card, folds, genes), genes.csv and embeddings/ into the folder. The same command again
uses the embeddings that are there and gives the same bytes.
Metrics: ${FOLD_METRICS.join(', ')}; pccTop is PCC-10, the mean of the ten best genes of a fold.
`;

function expressionCommand(): Command {
  const command = new Command('expression')
    .summary('how well frozen features predict gene expression')
    .description(
      'Fits a ridge regression from frozen features to gene expression, fold by fold, and scores every gene.',
    )
    .argument('<cohort>', COHORT_HELP)
    .requiredOption('--out <folder>', 'where results and embeddings go')
    .option(
      '--split <names>',
      `${SPLIT_NAMES.join(', ')} (default: by study, else patient, else section)`,
      choiceList(SPLIT_NAMES),
    )
    .option('--folds <n>', 'folds of the random splits', positiveInteger, 10)
    .option('--split-seed <n>', 'seed of the random splits', wholeNumber, 0);
  addProbeOptions(command)
    .addOption(
      new Option('--gene-scope <side>', 'sections that the choice of genes sees')
        .choices(['train', 'all'])
        .default('train'),
    )
    .addOption(
      new Option('--undefined-as <rule>', 'genes without a correlation in averages')
        .choices(['skip', 'zero', 'propagate'])
        .default('skip'),
    );
  addCohortOptions(addEncoderOptions(command))
    .option('--overwrite', 'replace embeddings made with other settings')
    .option('--json', 'print the whole result as JSON')
    .addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async ({ signal, markFailed }, path: string, flags: Flags, self: Command) => {
      const { benchmarkCohort, writeCohortBenchmark } = await import('../pipeline/index.ts');
      const cohort = await readSections(path, flags, signal);
      for (const line of droppedLines(cohort.sections)) process.stderr.write(`${line}\n`);
      using progress = embedProgress();
      const { result, failures } = await benchmarkCohort(cohort.sections, flags.out, encoderSettings(flags), {
        targets: await targetOptions(flags, self, flags.geneScope),
        probe: probeOptions(flags),
        components: flags.pca === 'none' ? undefined : flags.pca,
        undefinedAs: flags.undefinedAs,
        splits: flags.split,
        folds: flags.folds,
        splitSeed: flags.splitSeed,
        embed: { overwrite: flags.overwrite ?? false, onProgress: progress.onProgress },
      });
      progress.stop();
      const files = await writeCohortBenchmark(flags.out, result);
      createOutput(flags.json ?? false).result(result, (value) => benchmarkText(value, files));
      reportFailures([...cohort.failures, ...failures], markFailed);
    }),
  );
}

export function benchmarkCommand(): Command {
  return new Command('benchmark')
    .summary('judge an encoder')
    .description('Judges an encoder on a task.')
    .addCommand(expressionCommand());
}
