import { Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import {
  type Endpoint,
  formatRiskGroups,
  formatSurvival,
  type SlideVectorForm,
} from '../eval/survival/index.ts';
import type { SurvivalRun } from '../pipeline/index.ts';
import { titled } from './labelled-options.ts';
import { positiveInteger, positiveNumber, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';

interface Flags {
  readonly out: string;
  readonly table: string;
  readonly endpoint: Endpoint;
  readonly splits?: string;
  readonly folds: number;
  readonly method: 'panther' | 'gmm';
  readonly clusters: number;
  readonly form: SlideVectorForm;
  readonly components: number;
  readonly l2: number;
  readonly missing: 'error' | 'drop';
  readonly seed: number;
  readonly resamples: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # TCGA colorectal: one .h5 of patches per slide, the slide table and the folds of the PANTHER repository
  $ mvhybrid benchmark survival slides/ --table tcga_coadread.csv --splits folds/ --endpoint dss --out results/
  # own folds, a plain Gaussian mixture of 8 components
  $ mvhybrid benchmark survival slides/ --table slides.csv --method gmm --clusters 8 --folds 5 --out results/

The table has one row per slide: case_id, slide_id, survival_months, censorship (1: censored), the last two with _dss or
_pfi for other endpoints; optionally site. Slide vectors, components and Cox regression are learned on the training
patients of each fold alone. Writes result.json and the report.
`;

function text({ data, result }: SurvivalRun, files: readonly string[]): string {
  return [
    titled(result.card.task, formatSurvival(result)),
    titled('risk groups, out of fold', formatRiskGroups(result)),
    ...data.notes,
    ...result.card.undefinedValues,
    `written: ${files.join(', ')}`,
  ].join('\n\n');
}

export function survivalCommand(): Command {
  return new Command('survival')
    .summary('whether slides tell who lives longer')
    .description('Unsupervised slide vectors and Cox regression on them, cross-validated over patients.')
    .argument('<slides>', 'folder with one embedding file (.h5) per slide, named as the slide')
    .requiredOption('--table <file>', 'slides with follow-up (CSV)')
    .requiredOption('--out <folder>', 'where result and report go')
    .addOption(
      new Option('--endpoint <name>', 'overall, disease-specific, progression-free')
        .choices(['os', 'dss', 'pfi'])
        .default('os'),
    )
    .option(
      '--splits <folder>',
      'folds as files splits_0.csv, splits_1.csv, ... (columns train and val or test)',
    )
    .option('--folds <n>', 'folds stratified by event, where --splits is not given', positiveInteger, 5)
    .addOption(
      new Option('--method <name>', 'how a slide becomes a vector')
        .choices(['panther', 'gmm'])
        .default('panther'),
    )
    .option('--clusters <n>', 'prototypes or components of the mixture', positiveInteger, 16)
    .addOption(
      new Option('--form <name>', 'what of the mixture enters')
        .choices(['allcat', 'weight_avg_all', 'proportions'])
        .default('allcat'),
    )
    .option('--components <n>', 'principal components before the Cox regression', positiveInteger, 10)
    .option('--l2 <value>', 'ridge penalty of the Cox regression', positiveNumber, 0.1)
    .addOption(
      new Option('--missing <rule>', 'slides without embeddings: refuse, or leave their patients out')
        .choices(['error', 'drop'])
        .default('error'),
    )
    .option('--seed <n>', 'seed of patch draws, clusters and folds', wholeNumber, 0)
    .option('--resamples <n>', 'bootstrap resamples for the interval', positiveInteger, 1000)
    .option('--json', 'print the whole result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      runCommand(async (_context, folder: string, flags: Flags, self: Command) => {
        const { benchmarkSurvival, writeRun } = await import('../pipeline/index.ts');
        if (flags.splits !== undefined && self.getOptionValueSource('folds') === 'cli') {
          throw new UsageError('survival', { need: 'either --splits or --folds', found: 'both' });
        }
        const { method, clusters, form, components, l2, seed, resamples } = flags;
        const run = await benchmarkSurvival(folder, {
          ...flags,
          method: { kind: method },
          clusters,
          form,
          model: { components, l2 },
          bootstrap: { resamples, seed },
          seed,
        });
        const files = await writeRun(flags.out, run);
        createOutput(flags.json ?? false).result(run, (value) => text(value, files));
      }),
    );
}
