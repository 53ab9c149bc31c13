import { Command } from 'commander';
import { formatRetrieval, type RetrievalResult } from '../eval/retrieval/index.ts';
import { RETRIEVAL_DIRECTIONS } from '../pipeline/benchmark-retrieval.ts';
import type { RetrievalRun } from '../pipeline/index.ts';
import {
  addLabelledOptions,
  type LabelledFlags,
  readLabelled,
  refuseEncoderFlags,
  titled,
} from './labelled-options.ts';
import { choiceList, positiveInteger, positiveIntegerList } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';

interface Flags extends LabelledFlags {
  readonly out: string;
  readonly directions: RetrievalResult['direction'][];
  readonly ks: number[];
  readonly majority: number;
  readonly centred?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # class prototypes of NCT-CRC-HE-100K, searched for in CRC-VAL-HE-7K
  $ mvhybrid benchmark retrieval NCT-CRC-HE-100K/ CRC-VAL-HE-7K/ --format nct-crc --weights mvhybrid.pth --out results/
  # embeddings with a table item,label,split: part train is the support, part test the gallery
  $ mvhybrid benchmark retrieval embeddings.h5 --labels labels.csv --ks 1,5,10 --out results/

prototype-to-patch: the mean of a class's support embeddings ranks the gallery; one query per class.
patch-to-support: every gallery patch looks up its nearest support patches.
Acc@K: any of the first K has the class; MVAcc@K: their majority has it. No classifier is trained.
Writes result.json, the report and, for pictures, embeddings/.
`;

function text(run: RetrievalRun, files: readonly string[]): string {
  return [
    ...run.results.map((result) => titled(result.direction, formatRetrieval(result))),
    ...run.notes,
    ...run.results.flatMap(({ card }) => card.undefinedValues),
    `written: ${files.join(', ')}`,
  ].join('\n\n');
}

export function retrievalCommand(): Command {
  const command = new Command('retrieval')
    .summary('whether patches of a class find each other')
    .description('Zero-shot retrieval of tissue classes by similarity of frozen features.')
    .argument('<support>', 'labelled pictures, or embeddings with --labels')
    .argument('[gallery]', 'the patches to search (default: part test of the first)')
    .requiredOption('--out <folder>', 'where result, report and embeddings go')
    .option('--directions <names>', RETRIEVAL_DIRECTIONS.join(', '), choiceList(RETRIEVAL_DIRECTIONS), [
      ...RETRIEVAL_DIRECTIONS,
    ])
    .option(
      '--ks <list>',
      'depths of Acc@K and precision, between commas',
      positiveIntegerList,
      [1, 3, 5, 10],
    )
    .option('--majority <k>', 'neighbours of the majority vote', positiveInteger, 5)
    .option('--centred', 'subtract the mean of the support first');
  addLabelledOptions(command)
    .option('--json', 'print the whole result as JSON')
    .addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(
      async (_context, support: string, gallery: string | undefined, flags: Flags, self: Command) => {
        const { benchmarkRetrieval, supportAndGallery, writeRun } = await import('../pipeline/index.ts');
        refuseEncoderFlags(flags, self);
        const first = await readLabelled(support, flags.out, flags);
        const [from, to] =
          gallery === undefined
            ? supportAndGallery(first)
            : [first, await readLabelled(gallery, flags.out, flags)];
        const { centred = false, ks, majority: majorityK, directions } = flags;
        const run = benchmarkRetrieval(from, to, directions, { centred, ks, majorityK });
        const files = await writeRun(flags.out, run);
        createOutput(flags.json ?? false).result(run, (value) => text(value, files));
      },
    ),
  );
}
