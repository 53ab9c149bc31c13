/** A cohort on disk to a benchmark result: embed what is missing, split, fit, score. */
import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { csvText } from '../core/csv.ts';
import { stableJson } from '../core/stable-json.ts';
import {
  benchmarkExpression,
  defaultSplit,
  type ExpressionBenchmark,
  type ExpressionBenchmarkOptions,
  planSplit,
  type SplitName,
} from '../eval/index.ts';
import type { Section, SectionFailure } from '../spatial/index.ts';
import {
  type EmbedRun,
  type EmbedRunOptions,
  type EncoderSettings,
  embedSections,
  readEmbedded,
} from './embed-sections.ts';

export interface CohortBenchmarkOptions extends ExpressionBenchmarkOptions {
  /** Default: the one that fits the cohort. */
  readonly splits?: readonly SplitName[] | undefined;
  /** Folds of random splits. */
  readonly folds: number;
  /** Seed of random splits. */
  readonly splitSeed: number;
  readonly embed?: EmbedRunOptions;
}

/** Everything that decided the numbers, in words that need no source code. */
export type ProtocolCard = Readonly<Record<string, string | number | boolean | null>>;

export interface CohortBenchmark extends ExpressionBenchmark {
  readonly kind: 'expression benchmark';
  readonly protocol: ProtocolCard;
  readonly sections: readonly {
    readonly id: string;
    readonly study: string;
    readonly patient: string;
    readonly spots: number;
    readonly genes: number;
    readonly mpp: number;
    readonly mppSource: string;
  }[];
}

/** A result with the sections that could not be used. */
export interface CohortBenchmarkRun {
  readonly result: CohortBenchmark;
  readonly failures: readonly SectionFailure[];
}

function describeGenes({ genes, geneScope = 'train' }: ExpressionBenchmarkOptions['targets']): string {
  if (!('method' in genes)) return `list of ${genes.length} genes`;
  const { method, count, minSpotFraction = 0.1 } = genes;
  const seen =
    geneScope === 'train' ? 'the training sections of each fold' : 'ALL sections, test sections too';
  return `${count} genes by ${method} from ${seen}, detected in at least ${100 * minSpotFraction} % of every section's spots`;
}

function protocolCard(
  settings: EncoderSettings,
  run: EmbedRun,
  options: CohortBenchmarkOptions,
  components: number | null,
): ProtocolCard {
  const { targets, probe, undefinedAs } = options;
  const alpha =
    probe.alpha === 'hest' ? '100 / (features after reduction * genes), the HEST rule' : probe.alpha;
  return {
    backbone: run.encoder.name,
    backboneOptions: JSON.stringify(run.encoder.options),
    weights: run.encoder.weights,
    features: settings.features,
    patchUm: settings.patchUm,
    patchPx: settings.sizePx,
    genes: describeGenes(targets),
    target: `ln(1 + ${targets.normalizeTotal === true ? "count scaled to the training spots' median total" : 'count'})`,
    standardize: 'per feature by training mean and population standard deviation',
    reduction: components === null ? 'none' : `PCA, ${components} components, fitted on the training spots`,
    regression: 'ridge, penalty against the sum of squared errors, exact solution',
    alpha,
    intercept: probe.intercept,
    scores:
      'per gene over all test spots of a fold; mean over genes; mean and population std over folds, unweighted',
    undefinedCorrelations: undefinedAs,
  };
}

/** Embeds (resuming from `<folder>/embeddings`), then runs the splits. */
export async function benchmarkCohort(
  sections: readonly Section[],
  folder: string,
  settings: EncoderSettings,
  options: CohortBenchmarkOptions,
): Promise<CohortBenchmarkRun> {
  const run = await embedSections(sections, join(folder, 'embeddings'), settings, options.embed);
  const embedded = await readEmbedded(sections, run);
  const usable = embedded.map(({ section }) => section);
  if (usable.length === 0) throw run.failures[0]!.error;
  const names = options.splits ?? [defaultSplit(usable)];
  const plans = names.map((name) =>
    planSplit(name, usable, { folds: options.folds, seed: options.splitSeed }),
  );
  const benchmark = await benchmarkExpression(embedded, plans, options);
  const result: CohortBenchmark = {
    kind: 'expression benchmark',
    protocol: protocolCard(settings, run, options, benchmark.components),
    sections: usable.map(({ id, study, patient, spots, counts, mpp, mppSource }) => {
      return { id, study, patient, spots: spots.length, genes: counts.genes.length, mpp, mppSource };
    }),
    ...benchmark,
  };
  return { result, failures: run.failures };
}

/** One line per split, fold and gene. */
function genesCsv({ splits }: CohortBenchmark): string {
  const rows = splits.flatMap(({ name, folds }) =>
    folds.flatMap(({ name: fold, genes, perGene }) =>
      genes.map((gene, g) => {
        const { pcc, spearman, mse, mae, r2 } = perGene;
        return [name, fold, gene, pcc[g]!, spearman[g]!, mse[g]!, mae[g]!, r2[g]!];
      }),
    ),
  );
  return csvText(['split', 'fold', 'gene', 'pcc', 'spearman', 'mse', 'mae', 'r2'], rows);
}

/** Writes `result.json` and `genes.csv`; equal results give equal bytes. Returns their paths. */
export async function writeCohortBenchmark(folder: string, result: CohortBenchmark): Promise<string[]> {
  const [json, csv] = [join(folder, 'result.json'), join(folder, 'genes.csv')];
  await writeFileAtomically(json, stableJson(result));
  await writeFileAtomically(csv, genesCsv(result));
  return [json, csv];
}
