import { Command, Option } from 'commander';
import {
  type ChosenSettings,
  choosePreset,
  type ExpressionSettings,
  FOLD_METRICS,
  PRESET_NAMES,
  type PresetName,
  SPLIT_NAMES,
  type SplitName,
  type UndefinedPolicy,
} from '../eval/index.ts';
import type { CohortBenchmarkOptions, EncoderSettings } from '../pipeline/index.ts';
import { benchmarkText } from './benchmark-text.ts';
import {
  addCohortOptions,
  addPatchOriginOptions,
  COHORT_HELP,
  type CohortFlags,
  droppedLines,
  type PatchOriginFlags,
  precutLines,
  readSections,
  reportFailures,
} from './cohort-options.ts';
import { addCompareOption, type CompareFlags, comparedEncoder, comparedFolder } from './compared-encoder.ts';
import { embedProgress } from './embed-progress.ts';
import { addEncoderOptions, type EncoderFlags, encoderSettings } from './encoder-options.ts';
import { applyTask } from './hest-task.ts';
import { choiceList, positiveInteger, positiveNumber, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { addProbeOptions, type ProbeFlags, targetOptions } from './probe-options.ts';
import { type CommandContext, runCommand } from './run-command.ts';

interface Flags extends EncoderFlags, CompareFlags, CohortFlags, PatchOriginFlags, ProbeFlags {
  readonly out: string;
  readonly preset: PresetName;
  readonly split?: SplitName[];
  readonly folds: number;
  readonly splitSeed: number;
  readonly geneScope: 'train' | 'all';
  readonly undefinedAs: UndefinedPolicy;
  readonly resamples: number;
  readonly blockUm: number;
  readonly bootstrapSeed: number;
  readonly duplicates?: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # leave-one-study-out (or leave-one-patient-out where there is one study)
  $ mvhybrid benchmark expression cohort/ --weights mvhybrid.pth --out results/
  # the paper's two splits side by side with the drop between them, 200 genes
  $ mvhybrid benchmark expression cohort.csv --weights mvhybrid.pth --preset mvhybrid --out results/
  # HEST-Benchmark's protocol, with another number of genes
  $ mvhybrid benchmark expression cohort.csv --random-init 0 --preset hest-readme --gene-count 100 --out control/
  # two encoders on the same folds and genes, in one report
  $ mvhybrid benchmark expression cohort/ --weights mvhybrid.pth --compare vit-12=vit.pth --out both/
  # ridge penalty by nested cross-validation, and the paired difference to an earlier run
  $ mvhybrid benchmark expression cohort.csv --weights other.pth --alpha cv --against results/result.json --out other/

Presets (a flag given beside one wins, and the protocol card says so):
  default      genes from training sections, PCA of at most 256, a constant per gene
  hest-readme  50 genes from all sections, PCA 256, no constant, leave-one-patient-out; in a task folder of
               HEST-Benchmark the folds of its splits/ and the genes of its var_50genes.json
  hest-table   the same without PCA
  mvhybrid     200 genes from all sections, no PCA, no constant, 10 random folds of sections and leave-one-study-out
Duplicates: a text file, section ids of the same tissue on one line, between commas.

Writes into the folder: result.json (protocol card, folds, genes, intervals, drops), genes.csv, predictions.safetensors,
maps/, embeddings/ and the report (report.html, .md, .csv, .json); with --compare the second
encoder's own run in compared/. The same command again uses the embeddings that are
there and gives the same bytes.
Metrics: ${FOLD_METRICS.join(', ')}; pccTop is PCC-10, the mean of the ten best genes of a fold.
`;

const PRESET_FLAGS = [
  'genes',
  'geneCount',
  'geneScope',
  'pca',
  'alpha',
  'intercept',
  'split',
  'folds',
  'undefinedAs',
] as const;

/** Flags that choose genes. */
const GENE_FLAGS = ['genes', 'geneCount', 'geneScope', 'geneList', 'minSpotFraction'];

/** The preset with what stands on the command line beside it. */
function chosenSettings(flags: Flags, command: Command): ChosenSettings {
  const given = PRESET_FLAGS.filter((name) => command.getOptionValueSource(name) === 'cli');
  const values = Object.fromEntries(given.map((name) => [name, flags[name]]));
  const chosen = choosePreset(flags.preset, values as Partial<ExpressionSettings>);
  if (flags.geneList === undefined) return chosen;
  return { ...chosen, overrides: [...chosen.overrides, `genes of ${flags.geneList} instead of a rule`] };
}

async function benchmarkOptions(
  path: string,
  flags: Flags,
  command: Command,
  readDuplicates: (path: string) => Promise<string[][]>,
): Promise<CohortBenchmarkOptions> {
  const chosen = chosenSettings(flags, command);
  const { settings } = chosen;
  const { resamples, blockUm, bootstrapSeed: seed, duplicates, splitSeed } = flags;
  const targets = await targetOptions({ ...flags, ...settings }, command, settings.geneScope);
  const given = (names: readonly string[]) =>
    names.some((name) => command.getOptionValueSource(name) === 'cli');
  const own = { split: given(['split']), genes: given(GENE_FLAGS) };
  return {
    preset: chosen,
    ...(await applyTask(path, flags.preset, { splits: settings.split, targets }, own)),
    probe: { alpha: settings.alpha, intercept: settings.intercept },
    components: settings.pca === 'none' ? undefined : settings.pca,
    undefinedAs: settings.undefinedAs,
    folds: settings.folds,
    splitSeed,
    bootstrap: { resamples, blockUm, seed },
    duplicates: duplicates === undefined ? undefined : await readDuplicates(duplicates),
  };
}

function addSplitOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--preset <name>', 'published settings by name')
        .choices([...PRESET_NAMES])
        .default('default'),
    )
    .option(
      '--split <names>',
      `${SPLIT_NAMES.join(', ')}; several between commas (default: by study, else patient, else section)`,
      choiceList(SPLIT_NAMES),
    )
    .option('--folds <n>', 'folds of the random splits', positiveInteger, 10)
    .option('--split-seed <n>', 'seed of the random splits', wholeNumber, 0);
}

function addUncertaintyOptions(command: Command): Command {
  return command
    .option('--resamples <n>', 'bootstrap resamples for the intervals; 0: none', wholeNumber, 1000)
    .option('--block-um <um>', 'side of the blocks of tissue that are drawn again', positiveNumber, 500)
    .option('--bootstrap-seed <n>', 'seed of the bootstrap', wholeNumber, 0)
    .option('--duplicates <file>', 'sections that are the same tissue under several names')
    .option('--against <result.json>', 'another run on the same folds and genes, for the paired difference');
}

async function runExpression(
  { signal, markFailed }: CommandContext,
  path: string,
  flags: Flags,
  self: Command,
): Promise<void> {
  const { benchmarkCohort, readDuplicates, writeCohortBenchmark, writeReport } = await import(
    '../pipeline/index.ts'
  );
  const options = await benchmarkOptions(path, flags, self, readDuplicates);
  const cohort = await readSections(path, flags, signal);
  const ids = new Set(cohort.sections.map(({ id }) => id));
  const strangers = (options.duplicates ?? []).flat().filter((id) => !ids.has(id));
  if (strangers.length > 0) process.stderr.write(`duplicates: not in this cohort: ${strangers.join(', ')}\n`);
  for (const line of droppedLines(cohort.sections)) process.stderr.write(`${line}\n`);
  const settings = encoderSettings(flags);
  const other = comparedEncoder(flags, settings);
  const runOne = async (encoder: EncoderSettings, folder: string, against: string | undefined) => {
    using progress = embedProgress();
    const { overwrite = false, patches, precutMpp } = flags;
    const run = await benchmarkCohort(cohort.sections, folder, encoder, {
      ...{ ...options, against },
      embed: { overwrite, patches, precutMpp, onProgress: progress.onProgress },
    });
    progress.stop();
    const files = await writeCohortBenchmark(folder, run.result, run.values);
    files.push(...(await writeReport(folder)));
    return { ...run, files };
  };
  const compared = other && (await runOne(other, comparedFolder(flags.out), undefined));
  const run = await runOne(settings, flags.out, compared?.files[0] ?? flags.against);
  for (const line of precutLines(run.outcomes)) process.stderr.write(`${line}\n`);
  const files = [...run.files, ...(compared?.files ?? [])];
  createOutput(flags.json ?? false).result(run.result, (value) => benchmarkText(value, files));
  const failed = new Set(run.failures.map(({ id }) => id));
  const others = compared?.failures.filter(({ id }) => !failed.has(id)) ?? [];
  reportFailures([...cohort.failures, ...run.failures, ...others], markFailed);
}

export function expressionCommand(): Command {
  const command = new Command('expression')
    .summary('how well frozen features predict gene expression')
    .description(
      'Fits a ridge regression from frozen features to gene expression, fold by fold, and scores every gene.',
    )
    .argument('<cohort>', COHORT_HELP)
    .requiredOption('--out <folder>', 'where results, report and embeddings go');
  addProbeOptions(addSplitOptions(command))
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
  addPatchOriginOptions(addCohortOptions(addCompareOption(addEncoderOptions(addUncertaintyOptions(command)))))
    .option('--overwrite', 'replace embeddings made with other settings')
    .option('--json', 'print the whole result as JSON')
    .addHelpText('after', EXAMPLES);
  return command.action(runCommand(runExpression));
}
