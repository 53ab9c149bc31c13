/** All scores of one set of predictions, with the reasons for those that are not defined. */
import type { Matrix } from '../../core/matrix.ts';
import { ShapeError, UsageError } from '../../errors.ts';
import { argmaxRows, requireFinite } from '../numeric/index.ts';
import { definedOrNull } from '../results/index.ts';
import {
  accuracy,
  balancedAccuracy,
  type Confusion,
  confusionMatrix,
  f1Scores,
  macroF1,
  precisions,
  quadraticKappa,
  recalls,
  weightedF1,
} from './confusion.ts';
import { checkCodes, classCounts } from './labels.ts';
import { auroc, averagePrecision, oneVersusOne, oneVersusRest } from './ranking.ts';

/** Scores in one number, in the order in which tables show them. */
export const CLASSIFICATION_METRICS = [
  'accuracy',
  'balancedAccuracy',
  'f1Macro',
  'f1Weighted',
  'kappaQuadratic',
  'auroc',
  'auprc',
  'aurocOvrMacro',
  'aurocOvrWeighted',
  'aurocOvoMacro',
] as const;
export type ClassificationMetric = (typeof CLASSIFICATION_METRICS)[number];

/** One class among the test items. */
export interface ClassScores {
  readonly class: string;
  /** Items of the class, and items called so. */
  readonly support: number;
  readonly predicted: number;
  readonly recall: number | null;
  readonly precision: number | null;
  readonly f1: number | null;
  /** Against all other classes. */
  readonly auroc: number | null;
}

/**
 * `auroc` and `auprc` are for two classes, of the positive one; the `ovr` and `ovo` forms for more. The others
 * of each kind are null. Plain JSON.
 */
export type ClassificationScores = Readonly<Record<ClassificationMetric, number | null>> & {
  readonly items: number;
  readonly perClass: readonly ClassScores[];
  readonly confusion: Confusion;
  /** Why a value is null or which classes an average leaves out. */
  readonly notes: readonly string[];
};

export interface ScoreOptions {
  /** Index of the positive class of a two-class task; default 1. */
  readonly positive?: number;
  /**
   * Two-class tasks: an item is called positive when its probability is LARGER than this; equal ones are not.
   * Default: the larger probability, equal ones the class of lower index.
   */
  readonly threshold?: number;
}

/** Classes called for the rows of a probability table. */
export function predictedClasses(
  probabilities: Matrix,
  { positive = 1, threshold }: ScoreOptions = {},
): Int32Array {
  if (threshold === undefined) return argmaxRows(probabilities);
  if (probabilities.cols !== 2) {
    throw new UsageError('threshold', { need: 'two classes', found: `${probabilities.cols}` });
  }
  const { data, rows } = probabilities;
  return Int32Array.from({ length: rows }, (_, r) =>
    data[2 * r + positive]! > threshold ? positive : 1 - positive,
  );
}

/** Mean of the defined values, weighted. */
function weightedMean(values: readonly number[], weights: readonly number[]): number {
  let [sum, weight] = [0, 0];
  for (const [i, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    sum += value * weights[i]!;
    weight += weights[i]!;
  }
  return weight === 0 ? Number.NaN : sum / weight;
}

function notesOn(names: readonly string[], support: readonly number[], called: readonly number[]): string[] {
  const notes: string[] = [];
  const absent = names.filter((_, k) => support[k] === 0);
  const only = support.filter((count) => count > 0).length === 1;
  if (absent.length > 0 && !only) {
    notes.push(`no test item of ${absent.join(', ')}: left out of balanced accuracy and AUROC averages`);
  }
  const ghosts = names.filter((_, k) => support[k] === 0 && called[k]! > 0);
  if (ghosts.length > 0) notes.push(`predicted but absent, F1 counted as 0: ${ghosts.join(', ')}`);
  if (only) {
    const name = names[support.findIndex((count) => count > 0)];
    notes.push(`all test items are ${name}: AUROC is not defined, balanced accuracy is that class's recall`);
  }
  return notes;
}

/**
 * Scores predictions from class probabilities.
 *
 * @param truth         class indices, one per row.
 * @param probabilities [items, classes].
 * @throws ShapeError for no item; DataError for NaN probabilities or labels out of range.
 */
export function scoreClassification(
  truth: ArrayLike<number>,
  probabilities: Matrix,
  classes: readonly string[],
  options: ScoreOptions = {},
): ClassificationScores {
  if (probabilities.rows === 0 || probabilities.cols !== classes.length) {
    throw new ShapeError('classification scores', {
      need: `at least one row of ${classes.length} probabilities`,
      found: `${probabilities.rows} x ${probabilities.cols}`,
    });
  }
  checkCodes('classification scores', truth, probabilities.rows, classes.length);
  requireFinite('classification scores', 'probabilities', probabilities);
  const predicted = predictedClasses(probabilities, options);
  const confusion = confusionMatrix(truth, predicted, classes.length);
  const [support, called] = [classCounts(truth, classes.length), classCounts(predicted, classes.length)];
  const ranked = rankScores(truth, probabilities, support, options.positive ?? 1);
  const columns = { recall: recalls(confusion), precision: precisions(confusion), f1: f1Scores(confusion) };
  return {
    items: probabilities.rows,
    accuracy: definedOrNull(accuracy(confusion)),
    balancedAccuracy: definedOrNull(balancedAccuracy(confusion)),
    f1Macro: definedOrNull(macroF1(confusion)),
    f1Weighted: definedOrNull(weightedF1(confusion)),
    kappaQuadratic: definedOrNull(quadraticKappa(confusion)),
    ...ranked.averages,
    perClass: classes.map((name, k) => ({
      class: name,
      support: support[k]!,
      predicted: called[k]!,
      recall: definedOrNull(columns.recall[k]!),
      precision: definedOrNull(columns.precision[k]!),
      f1: definedOrNull(columns.f1[k]!),
      auroc: definedOrNull(ranked.perClass[k]!),
    })),
    confusion,
    notes: notesOn(classes, support, called),
  };
}

/** The probability-based scores: of the positive class for two classes, averages for more. */
function rankScores(truth: ArrayLike<number>, probabilities: Matrix, support: number[], positive: number) {
  const perClass = oneVersusRest(truth, probabilities);
  const none = { auroc: null, auprc: null, aurocOvrMacro: null, aurocOvrWeighted: null, aurocOvoMacro: null };
  if (probabilities.cols === 2) {
    const isPositive = Array.from(truth, (t) => t === positive);
    const scores = Array.from({ length: truth.length }, (_, i) => probabilities.data[2 * i + positive]!);
    const averages = {
      ...none,
      auroc: definedOrNull(auroc(isPositive, scores)),
      auprc: definedOrNull(averagePrecision(isPositive, scores)),
    };
    return { perClass, averages };
  }
  const pairs = oneVersusOne(truth, probabilities);
  const ones = (values: readonly number[]) => values.map(() => 1);
  const averages = {
    ...none,
    aurocOvrMacro: definedOrNull(weightedMean(perClass, ones(perClass))),
    aurocOvrWeighted: definedOrNull(weightedMean(perClass, support)),
    aurocOvoMacro: definedOrNull(weightedMean(pairs, ones(pairs))),
  };
  return { perClass, averages };
}
