/** The gene-expression benchmark: frozen features, one linear probe per fold, agreement per gene. */
import { resolve } from 'node:path';
import { type Matrix, vstack } from '../core/matrix.ts';
import { ShapeError, UsageError } from '../errors.ts';
import { type Section, selectBarcodes } from '../spatial/index.ts';
import { fixedTopGenes, summariseFolds } from './aggregate.ts';
import type { BlockBootstrapOptions } from './block-bootstrap.ts';
import { crossValidate, type FoldPrediction } from './cross-validate.ts';
import type { EmbeddedSection } from './embedded-section.ts';
import {
  type FoldContext,
  foldContext,
  type ScoredFold,
  scoreExpressionFold,
  testDigest,
} from './expression-fold.ts';
import type { ExpressionBenchmark, ExpressionFold, ExpressionSplit } from './expression-result.ts';
import { chooseGenes, expressionMatrix, type TargetOptions, totalTarget } from './expression-targets.ts';
import { type MeanReplicates, meanIntervals, meanReplicates } from './intervals.ts';
import { findLeaks, imageDigests, type SplitUnit, splitUnit } from './leak-check.ts';
import type { UndefinedPolicy } from './metrics.ts';
import { type PairedSplit, pairedSplit, type Rival, rivalFold } from './paired-difference.ts';
import { type ComponentsWish, type ProbeWish, resolveComponents } from './probe.ts';
import { splitDrops } from './split-drops.ts';
import type { SplitPlan } from './split-plan.ts';
import type { Fold } from './splits.ts';

/** A fold's out-of-fold values, with what their rows and columns are. */
export interface ExpressionPrediction extends FoldPrediction {
  readonly split: string;
  readonly genes: readonly string[];
}

export interface ExpressionBenchmarkOptions {
  readonly targets: TargetOptions;
  readonly probe: ProbeWish;
  readonly components: ComponentsWish;
  /** What averages do with genes whose correlation is not defined. */
  readonly undefinedAs: UndefinedPolicy;
  /** Groups of section ids known to be the same tissue. */
  readonly duplicates?: readonly (readonly string[])[] | undefined;
  /** Uncertainty of the scores; default none. */
  readonly bootstrap?: BlockBootstrapOptions | undefined;
  /** Another run to compare with, spot by spot. */
  readonly rival?: Rival | undefined;
  /** Called after every fold of every split. */
  readonly onFold?: (done: number, total: number) => void;
  /** Called with the values of every fold; rows in the order of the fold's test list. */
  readonly onPrediction?: (prediction: ExpressionPrediction) => void;
}

function smallestTrainingSide(splits: readonly SplitPlan[]): number {
  return Math.min(...splits.flatMap(({ folds }) => folds.map(({ train }) => train.length)));
}

/** The sections as a fold's training side sees them: whole, in part (splits by spot), or not at all. */
function trainingSections(sections: readonly Section[], fold: Fold): Section[] {
  const train = new Set(fold.train);
  let start = 0;
  return sections.flatMap((section) => {
    const first = start;
    start += section.spots.length;
    const spots = section.spots.filter((_, i) => train.has(first + i));
    if (spots.length === section.spots.length) return [section];
    if (spots.length === 0) return [];
    const counts = selectBarcodes(
      section.counts,
      spots.map(({ barcode }) => barcode),
    );
    return [{ ...section, spots, counts }];
  });
}

/** Targets are rebuilt only when a fold's genes or scale differ from the last ones. */
function targetSource(sections: readonly Section[], options: TargetOptions) {
  let key = '';
  let last: { genes: readonly string[]; y: Matrix } | undefined;
  return (train: readonly Section[]): { genes: readonly string[]; y: Matrix } => {
    const { genes } = chooseGenes(sections, train, options);
    const target = options.normalizeTotal === true ? totalTarget(train) : undefined;
    const wanted = JSON.stringify([genes, target ?? null]);
    if (last === undefined || wanted !== key) {
      last = { genes, y: expressionMatrix(sections, genes, target) };
      key = wanted;
    }
    return last;
  };
}

function fixedTop(folds: readonly ExpressionFold[]): Pick<ExpressionSplit, 'pccTopFixed'> {
  const genes = folds[0]!.genes;
  const same = folds.every((fold) => fold.genes.join('\t') === genes.join('\t'));
  const defined = genes.filter((_, g) => folds.some(({ perGene }) => !Number.isNaN(perGene.pcc[g]!)));
  if (!same || defined.length < 10) return {};
  const top = fixedTopGenes(folds.map(({ perGene }) => perGene.pcc));
  return { pccTopFixed: { ...top, genes: top.genes.map((g) => genes[g]!) } };
}

function checkRows(embedded: readonly EmbeddedSection[]): void {
  if (embedded.length === 0)
    throw new UsageError('benchmark', { need: 'at least one section', found: 'none' });
  for (const { section, features } of embedded) {
    if (features.rows === section.spots.length) continue;
    throw new ShapeError('benchmark', {
      need: `${section.spots.length} feature rows for section ${section.id}`,
      found: `${features.rows}`,
    });
  }
}

interface Run {
  readonly features: Matrix;
  readonly sections: readonly Section[];
  readonly components: number | undefined;
  /** One per spot. */
  readonly units: readonly SplitUnit[];
  readonly context: FoldContext;
  readonly options: ExpressionBenchmarkOptions;
}

/** All folds of one split, in order. */
function scoreFolds(plan: SplitPlan, run: Run, onFold: () => void): ScoredFold[] {
  const { features, sections, components, units, context, options } = run;
  const trains = plan.folds.map((fold) => trainingSections(sections, fold));
  const targetsOf = targetSource(sections, options.targets);
  const scored: ScoredFold[] = [];
  let genes: readonly string[] = [];
  const targets = (f: number): Matrix => {
    const chosen = targetsOf(trains[f]!);
    genes = chosen.genes;
    return chosen.y;
  };
  const labels = [
    units.map(({ study, patient }) => JSON.stringify([study, patient])),
    units.map((u) => u.section),
  ];
  crossValidate(features, plan.folds, targets, { ...options.probe, components, labels }, (result, f) => {
    const identity = {
      split: plan.name,
      genes,
      trainSections: trains[f]!.map(({ id }) => id),
      testSections: [...new Set(result.fold.test.map((i) => units[i]!.section))],
    };
    scored.push(scoreExpressionFold(result, identity, context));
    options.onPrediction?.({ split: plan.name, genes, ...result });
    onFold();
  });
  return scored;
}

interface SplitRun {
  readonly split: ExpressionSplit;
  readonly replicates: MeanReplicates | undefined;
  readonly paired: PairedSplit | undefined;
}

function runSplit(plan: SplitPlan, run: Run, onFold: () => void): SplitRun {
  const scored = scoreFolds(plan, run, onFold);
  const { bootstrap } = run.context;
  const folds = scored.map(({ fold }) => fold);
  const known = scored.flatMap(({ replicates }) => replicates ?? []);
  const seed = `${bootstrap?.seed ?? 0}/${plan.name}/folds`;
  const replicates = known.length === folds.length ? meanReplicates(known, seed) : undefined;
  const pairs = scored.flatMap(({ paired }) => paired ?? []);
  return {
    split: {
      name: plan.name,
      title: plan.title,
      folds,
      summary: summariseFolds(folds.map(({ scores }) => scores)),
      ...(replicates === undefined ? {} : { intervals: meanIntervals(replicates, bootstrap?.confidence) }),
      ...fixedTop(folds),
      leaks: plan.folds.flatMap((fold) => findLeaks(fold, run.units, run.options.duplicates)),
    },
    replicates,
    paired: pairs.length === 0 ? undefined : pairedSplit(plan.name, pairs, seed, bootstrap?.confidence),
  };
}

/** Refuses another run with other folds before any work is done. */
function checkRival(splits: readonly SplitPlan[], context: FoldContext): void {
  const { rival } = context;
  if (rival === undefined) return;
  for (const { name, folds } of splits) {
    for (const fold of folds) rivalFold(rival, name, fold.name, testDigest(fold.test, context));
  }
}

/**
 * Runs every split. Genes are chosen from each fold's training side (unless a list or `all` is asked for), the
 * probe is fitted on it, and every gene is scored over all test spots of the fold at once.
 *
 * @throws UsageError for a rival with other folds, test spots or genes.
 */
export async function benchmarkExpression(
  embedded: readonly EmbeddedSection[],
  splits: readonly SplitPlan[],
  options: ExpressionBenchmarkOptions,
): Promise<ExpressionBenchmark> {
  checkRows(embedded);
  const sections = embedded.map(({ section }) => section);
  const context = foldContext(sections, options);
  checkRival(splits, context);
  const features = vstack(embedded.map((one) => one.features));
  const components = resolveComponents(options.components, features.cols, smallestTrainingSide(splits));
  const digests = await imageDigests(sections.map(({ imagePath }) => imagePath));
  const units = sections.flatMap((section) => {
    const unit = splitUnit(section, digests.get(resolve(section.imagePath)));
    return section.spots.map(() => unit);
  });
  const total = splits.reduce((n, { folds }) => n + folds.length, 0);
  let done = 0;
  const run: Run = { features, sections, components, units, context, options };
  const results = splits.map((plan) => runSplit(plan, run, () => options.onFold?.(++done, total)));
  const confidence = options.bootstrap?.confidence;
  const sides = results.map(({ split, replicates }) => ({ ...split, replicates }));
  const paired = results.flatMap((one) => one.paired ?? []);
  return {
    components: components ?? null,
    splits: results.map(({ split }) => split),
    drops: splitDrops(sides, confidence),
    ...(options.rival === undefined ? {} : { comparison: { against: options.rival.label, splits: paired } }),
  };
}
