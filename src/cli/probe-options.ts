/** Options that decide what is predicted and how the linear probe is fitted. */
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { ProbeWish, TargetOptions } from '../eval/index.ts';
import { GENE_METHODS, type GeneMethod, readGeneList } from '../spatial/index.ts';
import { componentCount, fraction, positiveInteger, ridgePenalty } from './option-parsers.ts';

export interface ProbeFlags {
  readonly genes: GeneMethod;
  readonly geneCount: number;
  readonly geneList?: string;
  readonly minSpotFraction: number;
  readonly normalizeTotal?: boolean;
  readonly pca: number | 'auto' | 'none';
  readonly alpha: number | 'hest' | 'cv';
  readonly intercept: boolean;
}

export function addProbeOptions(command: Command): Command {
  return command
    .addOption(new Option('--genes <rule>', 'how genes are chosen').choices([...GENE_METHODS]).default('hvg'))
    .option('--gene-count <n>', 'how many genes', positiveInteger, 50)
    .option('--gene-list <file>', 'predict exactly these: one name per line, or {"genes": [...]} as JSON')
    .option(
      '--min-spot-fraction <share>',
      "genes must be detected in this share of every section's spots",
      fraction,
      0.1,
    )
    .option('--normalize-total', "scale every spot to the training spots' median total before the logarithm")
    .option(
      '--pca <n>',
      'principal components: a number, none, or auto (256 or fewer if spots are few)',
      componentCount,
      'auto',
    )
    .option(
      '--alpha <value>',
      'ridge penalty: a number, hest = 100 / (features * genes), or cv = nested cross-validation over training groups',
      ridgePenalty,
      'hest',
    )
    .option('--intercept', 'fit a constant per gene (default)', true)
    .option(
      '--no-intercept',
      "fit no constant per gene, as HEST's benchmark (predictions are then centred on 0)",
    );
}

/** A gene list and options of the rule exclude each other: a rule that is not used must not look used. */
export async function targetOptions(
  flags: Omit<ProbeFlags, 'pca' | 'alpha' | 'intercept'>,
  command: Command,
  geneScope?: 'train' | 'all',
): Promise<TargetOptions> {
  const { genes: method, geneCount: count, geneList, minSpotFraction, normalizeTotal = false } = flags;
  const scoped = geneScope === undefined ? {} : { geneScope };
  if (geneList === undefined) return { genes: { method, count, minSpotFraction }, normalizeTotal, ...scoped };
  const given = ['genes', 'geneCount', 'minSpotFraction', 'geneScope'].filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  if (given.length > 0) {
    throw new UsageError('genes', {
      need: 'either --gene-list or a rule',
      found: `--gene-list and ${given.map((name) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`).join(', ')}`,
      next: 'leave one of them out',
    });
  }
  return { genes: await readGeneList(geneList), normalizeTotal };
}

/** Everything about the probe but its components. */
export function probeOptions({ alpha, intercept }: ProbeFlags): ProbeWish {
  return { alpha, intercept };
}
