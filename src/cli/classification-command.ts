import { Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { type ClassifierMethod, EVA_PROBE, formatClassification } from '../eval/classification/index.ts';
import type { ClassificationRun } from '../pipeline/index.ts';
import {
  addLabelledOptions,
  type LabelledFlags,
  readLabelled,
  refuseEncoderFlags,
  titled,
} from './labelled-options.ts';
import { choiceList, fraction, positiveInteger, positiveNumber, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';

const METHODS = [
  'logistic',
  'logistic-uni',
  'logistic-grid',
  'knn',
  'simpleshot',
  'linear-probe',
  'abmil',
] as const;
type MethodName = (typeof METHODS)[number];

interface Flags extends LabelledFlags {
  readonly out: string;
  readonly methods: MethodName[];
  readonly folds: number;
  readonly seed: number;
  readonly c: number;
  readonly k: number;
  readonly epochs: number;
  readonly standardize?: boolean;
  readonly positive?: string;
  readonly threshold?: number;
  readonly resamples: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # pictures in one sub-folder per class, five folds
  $ mvhybrid benchmark classification tiles/ --weights mvhybrid.pth --out results/
  # MHIST with its own division
  $ mvhybrid benchmark classification MHIST/ --format mhist --weights mvhybrid.pth --methods logistic-grid --out results/
  # NCT-CRC-HE: training tiles in one folder, test tiles in another
  $ mvhybrid benchmark classification NCT-CRC-HE-100K/ CRC-VAL-HE-7K/ --format nct-crc --weights mvhybrid.pth --out results/
  # embeddings that are there already
  $ mvhybrid benchmark classification embeddings/ --labels labels.csv --methods knn,simpleshot --out results/
  # slides by attention pooling: one .h5 of patches per slide, labels.csv with item (its name), label and patient
  $ mvhybrid benchmark classification slides/ --labels labels.csv --methods abmil --positive MSI --out results/

Methods: logistic (L2, --c), logistic-uni (UNI's C and penalty), logistic-grid (C chosen on validation rows), knn (cosine,
softmax vote), simpleshot (nearest class mean), linear-probe (eva's settings), abmil (gated attention over slides).
The column split (train, test, validation) divides the data; without it, folds keep patients whole where they are known.
Writes result.json, the report and, for pictures, embeddings/.
`;

function methodOf(name: Exclude<MethodName, 'abmil'>, { c, k }: Flags): ClassifierMethod {
  switch (name) {
    case 'logistic':
      return { kind: 'logistic', c };
    case 'logistic-uni':
      return { kind: 'logistic', c: 'uni' };
    case 'logistic-grid':
      return { kind: 'logistic-grid' };
    case 'knn':
      return { kind: 'knn', k, distance: 'cosine', vote: 'softmax' };
    case 'simpleshot':
      return { kind: 'simpleshot' };
    case 'linear-probe':
      return { kind: 'linear-probe', ...EVA_PROBE };
  }
}

/** Options that no chosen method reads must not look used. */
function checkUnused(flags: Flags, command: Command): void {
  const needs = { c: ['logistic'], k: ['knn'], epochs: ['abmil'] } as const;
  for (const [name, readers] of Object.entries(needs)) {
    const used = flags.methods.some((method) => (readers as readonly string[]).includes(method));
    if (used || command.getOptionValueSource(name) !== 'cli') continue;
    throw new UsageError('classification', {
      need: `the method ${readers.join(' or ')} for --${name}`,
      found: flags.methods.join(', '),
    });
  }
}

function text(run: ClassificationRun, files: readonly string[]): string {
  return [
    ...run.results.map((result) => titled(result.card.task, formatClassification(result))),
    ...run.data.notes,
    ...run.results.flatMap(({ card }) => card.undefinedValues),
    `written: ${files.join(', ')}`,
  ].join('\n\n');
}

async function slides(paths: readonly string[], flags: Flags): Promise<ClassificationRun> {
  const { benchmarkSlides } = await import('../pipeline/index.ts');
  if (flags.methods.length > 1 || paths.length > 1 || flags.labels === undefined) {
    throw new UsageError('classification', {
      need: 'abmil alone, one folder of slide embeddings, and --labels',
      found: `${flags.methods.join(', ')}; ${paths.length} folders; ${flags.labels === undefined ? 'no --labels' : '--labels'}`,
    });
  }
  if (flags.standardize)
    throw new UsageError('classification', { need: 'abmil without --standardize', found: '--standardize' });
  return benchmarkSlides(paths[0]!, flags.labels, flags);
}

async function patches(paths: readonly string[], flags: Flags): Promise<ClassificationRun> {
  const { benchmarkClassification, joinLabelled } = await import('../pipeline/index.ts');
  const parts = [];
  for (const path of paths) parts.push(await readLabelled(path, flags.out, flags));
  const methods = flags.methods.map((name) => methodOf(name as Exclude<MethodName, 'abmil'>, flags));
  return benchmarkClassification(joinLabelled(parts), {
    methods,
    folds: flags.folds,
    seed: flags.seed,
    standardize: flags.standardize ?? false,
    positive: flags.positive,
    threshold: flags.threshold,
    resamples: flags.resamples,
  });
}

export function classificationCommand(): Command {
  const command = new Command('classification')
    .summary('how well frozen features tell classes apart')
    .description('Trains and tests classifiers on frozen features of pictures, patches or slides.')
    .argument(
      '<data...>',
      'folders of labelled pictures, or with --labels an embedding file or a folder of them',
    )
    .requiredOption('--out <folder>', 'where result, report and embeddings go')
    .option('--methods <names>', METHODS.join(', '), choiceList(METHODS), ['logistic', 'knn', 'simpleshot'])
    .option('--folds <n>', 'folds where the data bring no division', positiveInteger, 5)
    .option('--seed <n>', 'seed of folds, validation draws and trained heads', wholeNumber, 0)
    .option('--c <value>', 'inverse penalty of logistic', positiveNumber, 1)
    .option('--k <n>', 'neighbours of knn', positiveInteger, 20)
    .option('--epochs <n>', 'most passes of abmil', positiveInteger, 20)
    .option('--standardize', 'scale every feature by the training rows')
    .option('--positive <class>', 'the positive class of two (default: the second by name)')
    .addOption(
      new Option('--threshold <p>', 'probability from which on the positive class is called').argParser(
        fraction,
      ),
    )
    .option('--resamples <n>', 'bootstrap resamples for the intervals; 0: none', wholeNumber, 1000);
  addLabelledOptions(command)
    .option('--json', 'print the whole result as JSON')
    .addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async (_context, paths: string[], flags: Flags, self: Command) => {
      const { writeRun } = await import('../pipeline/index.ts');
      refuseEncoderFlags(flags, self);
      checkUnused(flags, self);
      const run = flags.methods.includes('abmil') ? await slides(paths, flags) : await patches(paths, flags);
      const files = await writeRun(flags.out, run);
      createOutput(flags.json ?? false).result(run, (value) => text(value, files));
    }),
  );
}
