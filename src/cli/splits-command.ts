import { Command, Option } from 'commander';
import { SPLIT_NAMES, type SplitName } from '../eval/index.ts';
import type { ListedFold, Selection, SplitListing } from '../pipeline/index.ts';
import { SELECTIONS } from '../pipeline/list-splits.ts';
import type { HestFilter, HestStudyKey } from '../spatial/index.ts';
import { choiceList, nameList, positiveInteger, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';
import { formatTable } from './table.ts';

interface Flags {
  readonly selection: Selection;
  readonly by: SplitName[];
  readonly studyKey: HestStudyKey;
  readonly technology?: string[];
  readonly species?: string;
  readonly minGenes?: number;
  readonly maxGenes?: number;
  readonly samples?: string[];
  readonly exclude?: string[];
  readonly folds: number;
  readonly seed: number;
  readonly duplicates?: string;
  readonly json?: boolean;
}

/** Splits that a sample table is enough for. */
const TABLE_SPLITS = SPLIT_NAMES.filter((name) => name !== 'random-spots' && name !== 'task');

const EXAMPLES = `
Examples:
  # the 64 colorectal samples of HEST-1k 1.1.0, each title held out once
  $ mvhybrid splits HEST_v1_1_0.csv --selection colorectal --by study
  # Visium of whole transcriptomes, a title with two papers as two studies, beside ten random folds
  $ mvhybrid splits hest/ --technology Visium --min-genes 2000 --study-key title+link --by study,random-sections

Nothing but the sample table is read, and thumbnails/ beside it where there are some. Warnings: one patient on both sides,
and pairs that are reported as one section, or agree in pixel size and in spot count or image size, or look alike.
Samples without a patient count as one patient of their title. --json has both sides of every fold by id.
`;

const listOf = (ids: readonly string[]) => ids.join(' ');

function samplesTable({ samples }: SplitListing): string {
  const right = (header: string) => ({ header, align: 'right' as const });
  const rows = samples.map(({ id, oncotree, technology, patient, spots, genes, mpp, study }) => [
    id,
    oncotree ?? '',
    technology ?? '',
    patient ?? '',
    String(spots ?? ''),
    String(genes ?? ''),
    mpp === undefined ? '' : mpp.toFixed(4),
    study,
  ]);
  return formatTable(
    ['sample', 'code', 'technology', 'patient', right('spots'), right('genes'), right('um/px'), 'study'],
    rows,
  );
}

function foldText({ name, train, test, leaks }: ListedFold): string {
  const said = (message: string) =>
    message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
  const lines = [
    name,
    `  test (${test.length}): ${listOf(test)}`,
    `  training: the other ${train.length}`,
    ...leaks.map(({ severity, message }) => `  ${severity}: ${said(message)}`),
  ];
  return lines.join('\n');
}

function text(listing: SplitListing): string {
  const { samples, studies, duplicates, splits, withPatient, thumbnails } = listing;
  const studyRows = studies.map(({ name, samples: ids }) => [String(ids.length), name, listOf(ids)]);
  const warnings = duplicates.map(
    ({ ids, reason, acrossTitles }) =>
      `warning: ${ids.join(' and ')} may be one tissue${acrossTitles ? ' under two titles' : ''}: ${reason}`,
  );
  return [
    samplesTable(listing),
    `${samples.length} samples, ${studies.length} studies; ${withPatient} samples name a patient; ${thumbnails} thumbnails compared`,
    formatTable([{ header: 'samples', align: 'right' }, 'study', 'ids'], studyRows),
    ...(warnings.length === 0 ? [] : [warnings.join('\n')]),
    ...splits.map(({ title, folds }) => [title, ...folds.map(foldText)].join('\n')),
  ].join('\n\n');
}

function filterOf({
  technology,
  species,
  minGenes,
  maxGenes,
  samples,
  exclude,
}: Flags): Omit<HestFilter, 'oncotree'> {
  const all = { technology, species, minGenes, maxGenes, ids: samples, excludeIds: exclude };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export function splitsCommand(): Command {
  return new Command('splits')
    .summary('samples of a HEST table, their splits, and what leaks')
    .description(
      'Lists the samples of a HEST table, divides them into folds, and warns of tissue that stands on both sides.',
    )
    .argument('<table>', 'HEST_v1_1_0.csv or a later one, or a HEST folder with it')
    .addOption(
      new Option('--selection <name>', 'colorectal: COAD, READ and COADREAD')
        .choices([...SELECTIONS])
        .default('colorectal'),
    )
    .option(
      '--by <names>',
      `${TABLE_SPLITS.join(', ')}; several between commas (study is LOSO)`,
      choiceList(TABLE_SPLITS),
      ['study'],
    )
    .addOption(
      new Option('--study-key <key>', 'what is one study').choices(['title', 'title+link']).default('title'),
    )
    .option('--technology <names>', 'only these, as in the table, between commas', nameList)
    .option('--species <name>', 'only this one, as in the table')
    .option('--min-genes <n>', 'at least so many genes', wholeNumber)
    .option('--max-genes <n>', 'at most so many genes', wholeNumber)
    .option('--samples <ids>', 'only these, between commas', nameList)
    .option('--exclude <ids>', 'leave these samples out, e.g. one of a duplicate pair', nameList)
    .option('--folds <n>', 'folds of hest-patients and of the random splits', positiveInteger, 10)
    .option('--seed <n>', 'seed of the random splits', wholeNumber, 0)
    .option('--duplicates <file>', 'samples that are the same tissue, one group per line')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      runCommand(async (_context, path: string, flags: Flags) => {
        const { listSplits, readDuplicates } = await import('../pipeline/index.ts');
        const { selection, studyKey, by, folds, seed, duplicates } = flags;
        const listing = await listSplits(path, {
          ...{ selection, studyKey, splits: by, folds, seed, filter: filterOf(flags) },
          ...(duplicates === undefined ? {} : { duplicates: await readDuplicates(duplicates) }),
        });
        createOutput(flags.json ?? false).result(listing, text);
      }),
    );
}
