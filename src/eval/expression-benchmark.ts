/** The gene-expression benchmark: frozen features, one linear probe per fold, agreement per gene. */
import { resolve } from 'node:path';
import { type Matrix, vstack } from '../core/matrix.ts';
import { ShapeError, UsageError } from '../errors.ts';
import { type Section, selectBarcodes } from '../spatial/index.ts';
import { type FoldMetric, fixedTopGenes, type Summary, summariseFolds } from './aggregate.ts';
import { crossValidate } from './cross-validate.ts';
import type { EmbeddedSection } from './embedded-section.ts';
import { chooseGenes, expressionMatrix, type TargetOptions, totalTarget } from './expression-targets.ts';
import { findLeaks, imageDigests, type LeakFinding, splitUnit } from './leak-check.ts';
import {
  type FoldScores,
  type GeneScores,
  scoreGenes,
  summariseGenes,
  type UndefinedPolicy,
} from './metrics.ts';
import { type ComponentsWish, type ProbeOptions, resolveComponents } from './probe.ts';
import type { SplitPlan } from './split-plan.ts';
import type { Fold } from './splits.ts';

export interface ExpressionBenchmarkOptions {
  readonly targets: TargetOptions;
  readonly probe: Omit<ProbeOptions, 'components'>;
  readonly components: ComponentsWish;
  /** What averages do with genes whose correlation is not defined. */
  readonly undefinedAs: UndefinedPolicy;
  /** Groups of section ids known to be the same tissue. */
  readonly duplicates?: readonly (readonly string[])[];
  /** Called after every fold of every split. */
  readonly onFold?: (done: number, total: number) => void;
}

/** One fold's scores. */
export interface ExpressionFold {
  readonly name: string;
  readonly trainSections: readonly string[];
  readonly testSections: readonly string[];
  readonly trainSpots: number;
  readonly genes: readonly string[];
  readonly alpha: number;
  readonly scores: FoldScores;
  readonly perGene: GeneScores;
}

/** One way of splitting, all its folds. */
export interface ExpressionSplit {
  readonly name: string;
  readonly title: string;
  readonly folds: readonly ExpressionFold[];
  readonly summary: Readonly<Record<FoldMetric, Summary>>;
  /** PCC-10 in its other reading; only where all folds predict the same genes, 10 or more. */
  readonly pccTopFixed?: {
    readonly genes: readonly string[];
    readonly perFold: readonly number[];
    readonly mean: number;
  };
  readonly leaks: readonly LeakFinding[];
}

export interface ExpressionBenchmark {
  /** Principal components used; null: none. */
  readonly components: number | null;
  readonly splits: readonly ExpressionSplit[];
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

/**
 * Runs every split. Genes are chosen from each fold's training side (unless a list or `all` is asked for), the
 * probe is fitted on it, and every gene is scored over all test spots of the fold at once.
 */
export async function benchmarkExpression(
  embedded: readonly EmbeddedSection[],
  splits: readonly SplitPlan[],
  options: ExpressionBenchmarkOptions,
): Promise<ExpressionBenchmark> {
  checkRows(embedded);
  const sections = embedded.map(({ section }) => section);
  const features = vstack(embedded.map((one) => one.features));
  const components = resolveComponents(options.components, features.cols, smallestTrainingSide(splits));
  const digests = await imageDigests(sections.map(({ imagePath }) => imagePath));
  const units = sections.flatMap((section) => {
    const unit = splitUnit(section, digests.get(resolve(section.imagePath)));
    return section.spots.map(() => unit);
  });
  const total = splits.reduce((n, { folds }) => n + folds.length, 0);
  let done = 0;
  const results = splits.map((plan): ExpressionSplit => {
    const trains = plan.folds.map((fold) => trainingSections(sections, fold));
    const targetsOf = targetSource(sections, options.targets);
    const folds: ExpressionFold[] = [];
    let genes: readonly string[] = [];
    const targets = (f: number): Matrix => {
      const chosen = targetsOf(trains[f]!);
      genes = chosen.genes;
      return chosen.y;
    };
    crossValidate(features, plan.folds, targets, { ...options.probe, components }, (result, f) => {
      const perGene = scoreGenes(result.measured, result.predicted);
      const testSections = [...new Set(result.fold.test.map((i) => units[i]!.section))];
      folds.push({
        name: result.fold.name,
        trainSections: trains[f]!.map(({ id }) => id),
        testSections,
        trainSpots: result.fold.train.length,
        genes,
        alpha: result.probe.alpha,
        scores: summariseGenes(perGene, result.measured.rows, { undefinedAs: options.undefinedAs }),
        perGene,
      });
      options.onFold?.(++done, total);
    });
    return {
      name: plan.name,
      title: plan.title,
      folds,
      summary: summariseFolds(folds.map(({ scores }) => scores)),
      ...fixedTop(folds),
      leaks: plan.folds.flatMap((fold) => findLeaks(fold, units, options.duplicates)),
    };
  });
  return { components: components ?? null, splits: results };
}
