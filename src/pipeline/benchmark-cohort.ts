/** A cohort on disk to a benchmark result: embed what is missing, split, fit, score. */
import { basename, dirname, join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { csvText } from '../core/csv.ts';
import type { Matrix } from '../core/matrix.ts';
import { stableJson } from '../core/stable-json.ts';
import {
  ALPHA_GRID,
  benchmarkExpression,
  type ChosenSettings,
  defaultSplit,
  type ExpressionBenchmark,
  type ExpressionBenchmarkOptions,
  type ExpressionPrediction,
  type GivenFold,
  INNER_FOLDS,
  planSplit,
  type SplitName,
} from '../eval/index.ts';
import type { Section, SectionFailure } from '../spatial/index.ts';
import { type BenchmarkMap, drawBenchmarkMaps, type MapFold, mappedSplit } from './benchmark-maps.ts';
import {
  type EmbedRun,
  type EmbedRunOptions,
  type EncoderSettings,
  embedSections,
  readEmbedded,
} from './embed-sections.ts';
import { type FoldValues, openRival, writePredictions } from './prediction-file.ts';

export interface CohortBenchmarkOptions extends Omit<ExpressionBenchmarkOptions, 'rival' | 'onPrediction'> {
  /** Named settings that the others were taken from, for the protocol card. */
  readonly preset?: Pick<ChosenSettings, 'preset' | 'overrides'> | undefined;
  /** result.json of another run to compare with. */
  readonly against?: string | undefined;
  /** Default: the one that fits the cohort. */
  readonly splits?: readonly SplitName[] | undefined;
  /** Folds of random splits. */
  readonly folds: number;
  /** Seed of random splits. */
  readonly splitSeed: number;
  /** Folds of the split `task`. */
  readonly given?: readonly GivenFold[] | undefined;
  /** The HEST task whose files decided something, for the protocol card. */
  readonly task?: string | undefined;
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
  /** Pictures beside the result; added when it is written. */
  readonly maps?: readonly BenchmarkMap[];
}

/** Out-of-fold values of a run, too large for its result. */
export interface BenchmarkValues {
  readonly predictions: readonly FoldValues[];
  /** The split whose maps are drawn, with its folds' values. */
  readonly mapped: { readonly split: string; readonly folds: readonly MapFold[] };
  readonly sections: readonly Section[];
}

/** A result with its values and the sections that could not be used. */
export interface CohortBenchmarkRun {
  readonly result: CohortBenchmark;
  readonly values: BenchmarkValues;
  readonly outcomes: EmbedRun['outcomes'];
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
  return {
    preset: options.preset?.preset ?? 'none',
    presetOverrides: options.preset?.overrides.join('; ') || 'none',
    backbone: run.encoder.name,
    backboneOptions: JSON.stringify(run.encoder.options),
    weights: run.encoder.weights,
    features: settings.features,
    patchUm: settings.patchUm,
    patchPx: settings.sizePx,
    patches: describePatches(run),
    genes: describeGenes(targets),
    target: `ln(1 + ${targets.normalizeTotal === true ? "count scaled to the training spots' median total" : 'count'})`,
    standardize: 'per feature by training mean and population standard deviation',
    reduction: components === null ? 'none' : `PCA, ${components} components, fitted on the training spots`,
    regression: 'ridge, penalty against the sum of squared errors, exact solution',
    alpha: describeAlpha(probe.alpha),
    intercept: probe.intercept,
    scores:
      'per gene over all test spots of a fold; mean over genes; mean and population std over folds, unweighted',
    undefinedCorrelations: undefinedAs,
    intervals: describeBootstrap(options),
    ...(options.task === undefined ? {} : { task: options.task }),
    duplicates: options.duplicates?.map((ids) => ids.join(' = ')).join('; ') ?? 'no list given',
    ...(options.against === undefined ? {} : { against: basename(dirname(options.against)) }),
  };
}

/** Cut or precut; where both occur, which sections. */
function describePatches({ outcomes }: EmbedRun): string {
  const kinds = new Map<string, string[]>();
  for (const { id, precut } of outcomes) {
    const kind =
      precut === undefined
        ? 'cut from the slide'
        : `precut, ${precut.sizePx} px at ${precut.mpp} um per pixel, spots without a patch left out`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), id]);
  }
  if (kinds.size === 1) return [...kinds.keys()][0]!;
  return [...kinds].map(([kind, ids]) => `${kind}: ${ids.join(', ')}`).join('; ');
}

function describeAlpha(alpha: CohortBenchmarkOptions['probe']['alpha']): string | number {
  if (alpha === 'hest') return '100 / (features after reduction * genes), the HEST rule';
  if (alpha !== 'cv') return alpha;
  const [low, high] = [ALPHA_GRID[0]!, ALPHA_GRID.at(-1)!];
  return `nested cross-validation over the training groups of each fold (at most ${INNER_FOLDS} inner folds), best mean PCC of ${ALPHA_GRID.length} values from ${low} to ${high}`;
}

function describeBootstrap({ bootstrap }: CohortBenchmarkOptions): string {
  if (bootstrap === undefined || bootstrap.resamples === 0) return 'none';
  const { resamples, blockUm, seed, confidence = 0.95 } = bootstrap;
  return `${100 * confidence} % percentile, ${resamples} resamples, seed ${seed}: square blocks of ${blockUm} um drawn again within each test section; over folds: folds drawn again as well`;
}

const float32 = ({ rows, cols, data }: Matrix): Matrix<Float32Array> => ({
  rows,
  cols,
  data: Float32Array.from(data),
});

/** Keeps what {@link writeCohortBenchmark} writes beside the result. */
function collector(split: string) {
  const predictions: FoldValues[] = [];
  const folds: MapFold[] = [];
  const onPrediction = (one: ExpressionPrediction) => {
    const { fold, genes, measured } = one;
    const predicted = float32(one.predicted);
    predictions.push({ split: one.split, fold: fold.name, predicted });
    if (one.split !== split) return;
    folds.push({ fold: fold.name, genes, rows: fold.test, measured: float32(measured), predicted });
  };
  return { predictions, folds, onPrediction };
}

/** Embeds (resuming from `<folder>/embeddings`), then runs the splits. */
export async function benchmarkCohort(
  sections: readonly Section[],
  folder: string,
  settings: EncoderSettings,
  options: CohortBenchmarkOptions,
): Promise<CohortBenchmarkRun> {
  const rival = options.against === undefined ? undefined : await openRival(options.against, folder);
  try {
    const run = await embedSections(sections, join(folder, 'embeddings'), settings, options.embed);
    const embedded = await readEmbedded(sections, run);
    const usable = embedded.map(({ section }) => section);
    if (usable.length === 0) throw run.failures[0]!.error;
    const names = options.splits ?? [defaultSplit(usable)];
    const random = { folds: options.folds, seed: options.splitSeed, given: options.given };
    const plans = names.map((name) => planSplit(name, usable, random));
    const split = mappedSplit(names);
    const { predictions, folds, onPrediction } = collector(split);
    const benchmark = await benchmarkExpression(embedded, plans, { ...options, rival, onPrediction });
    const result: CohortBenchmark = {
      kind: 'expression benchmark',
      protocol: protocolCard(settings, run, options, benchmark.components),
      sections: usable.map(({ id, study, patient, spots, counts, mpp, mppSource }) => {
        return { id, study, patient, spots: spots.length, genes: counts.genes.length, mpp, mppSource };
      }),
      ...benchmark,
    };
    const values = { predictions, mapped: { split, folds }, sections: usable };
    return { result, values, outcomes: run.outcomes, failures: run.failures };
  } finally {
    rival?.close();
  }
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

/**
 * Writes `result.json` and `genes.csv` and, with the run's values, `predictions.safetensors` and `maps/`; equal results
 * give equal bytes. Returns the paths.
 */
export async function writeCohortBenchmark(
  folder: string,
  result: CohortBenchmark,
  values?: BenchmarkValues,
): Promise<string[]> {
  const files = [join(folder, 'result.json'), join(folder, 'genes.csv')];
  let written = result;
  if (values !== undefined) {
    const { mapped, sections, predictions } = values;
    const split = result.splits.find(({ name }) => name === mapped.split)!;
    const maps = await drawBenchmarkMaps(folder, split, mapped.folds, sections);
    written = { ...result, maps };
    files.push(await writePredictions(folder, predictions));
  }
  await writeFileAtomically(files[0]!, stableJson(written));
  await writeFileAtomically(files[1]!, genesCsv(written));
  return files;
}
