import { type Matrix, selectRows } from '../../core/matrix.ts';
import { UsageError } from '../../errors.ts';
import { scope, toFloat64Array } from '../../tensor/index.ts';
import type { CardValue, ProtocolCard } from '../results/index.ts';
import { fitStandardizer, standardize } from '../standardizer.ts';
import type { LabelledRows } from './choose-c.ts';
import {
  type ClassifierMethod,
  classify,
  describeMethod,
  isSeeded,
  needsValidation,
  tieRulesOf,
} from './classifiers.ts';
import { checkFold, type EvaluationFold, type FoldRows, foldRows } from './evaluation-folds.ts';
import { checkCodes, encodeLabels } from './labels.ts';
import { asTensor } from './logistic-objective.ts';
import {
  type ClassificationFold,
  type ClassificationResult,
  foldRemarks,
  type Prediction,
  summariseScores,
} from './result.ts';
import { type Intervals, predictionsOf, type Scoring, scoreFoldRows } from './score-fold.ts';

/** Frozen features with labels. */
export interface LabelledFeatures {
  /** [items, d] */
  readonly features: Matrix;
  readonly labels: readonly string[];
  /** In the order of the class indices; default sorted names. */
  readonly classes?: readonly string[];
  /** One per item, where known: keeps patients on one side and draws them together in the bootstrap. */
  readonly patients?: readonly string[];
  /** For the list of predictions; default the row numbers. */
  readonly names?: readonly string[];
}

export interface EvaluateClassifierOptions {
  readonly method: ClassifierMethod;
  /** Of validation draws and trained heads; run r uses seed + r. */
  readonly seed: number;
  /** Repetitions with other seeds, each an entry of the result; default 1. */
  readonly runs?: number;
  /** Share of training set aside for choices where a fold brings no validation rows; default 0.2. */
  readonly validationFraction?: number;
  /** Scale columns to mean 0 and deviation 1 of the training rows first; default false. */
  readonly standardize?: boolean;
  /** The positive class of a two-class task; default the second. */
  readonly positive?: string;
  /** See `ScoreOptions`. */
  readonly threshold?: number;
  readonly intervals?: Intervals;
  /** List every test item in the result; default false. */
  readonly predictions?: boolean;
}

function rowsOf(features: Matrix, codes: Int32Array, rows: readonly number[]): LabelledRows {
  return { features: selectRows(features, rows), codes: Int32Array.from(rows, (i) => codes[i]!) };
}

/** Training statistics applied to all three tables. */
function standardized(tables: readonly Matrix[]): Matrix[] {
  return scope(() => {
    const scaling = fitStandardizer(asTensor(tables[0]!));
    return tables.map((table) => {
      if (table.rows === 0) return table;
      return { ...table, data: scope(() => toFloat64Array(standardize(asTensor(table), scaling))) };
    });
  });
}

/** Index of the positive class; undefined for a task with more classes, which has none. */
function positiveIndex(classes: readonly string[], positive: string | undefined): number | undefined {
  if (positive === undefined) return classes.length === 2 ? 1 : undefined;
  const index = classes.indexOf(positive);
  if (index >= 0 && classes.length === 2) return index;
  throw new UsageError('classification', {
    need: `two classes, the positive one out of ${classes.join(', ')}`,
    found: positive,
  });
}

/** Whether a fold takes its validation rows from training by a draw. */
function drawsValidation(method: ClassifierMethod, folds: readonly EvaluationFold[]): boolean {
  return needsValidation(method) && folds.some((fold) => fold.validation === undefined);
}

function checkRuns(runs: number, folds: readonly EvaluationFold[], method: ClassifierMethod): void {
  if (folds.length === 0 || !(Number.isInteger(runs) && runs >= 1)) {
    throw new UsageError('classification', {
      need: 'at least one fold and one run',
      found: `${folds.length} folds, ${runs} runs`,
    });
  }
  if (runs === 1 || isSeeded(method) || drawsValidation(method, folds)) return;
  throw new UsageError('classification', {
    need: `one run: nothing in ${method.kind} depends on the seed`,
    found: `${runs}`,
  });
}

function evaluateFold(
  { features }: LabelledFeatures,
  rows: FoldRows,
  scoring: Scoring,
  { method, standardize: scale = false, seed }: EvaluateClassifierOptions,
): { fold: ClassificationFold; predictions: Prediction[] } {
  const sides = [rows.train, rows.validation, rows.test].map((side) => rowsOf(features, scoring.codes, side));
  const tables = sides.map((side) => side.features);
  const [train, validation, test] = scale ? standardized(tables) : tables;
  const done = classify(
    method,
    { ...sides[0]!, features: train! },
    { ...sides[1]!, features: validation! },
    test!,
    { classCount: scoring.classes.length, seed },
  );
  return {
    fold: scoreFoldRows(rows, done.probabilities, scoring, done),
    predictions: predictionsOf(rows, done.probabilities, scoring),
  };
}

/**
 * Trains and tests a classifier on frozen features, fold by fold.
 *
 * @param folds from `splits.ts`, `patientStratifiedKFold`, or the data set's own parts as one fold.
 * @throws UsageError for unusable folds or options; DataError for labels or features that cannot be used, or a
 *   patient on both sides of a fold.
 */
export function evaluateClassifier(
  input: LabelledFeatures,
  folds: readonly EvaluationFold[],
  options: EvaluateClassifierOptions,
): ClassificationResult {
  const { method, seed, runs = 1, validationFraction = 0.2, intervals } = options;
  const { classes, codes } = encodeLabels(input.labels, input.classes);
  checkCodes('classification', codes, input.features.rows, classes.length);
  checkRuns(runs, folds, method);
  const positive = positiveIndex(classes, options.positive);
  const scoring: Scoring = {
    classes,
    codes,
    names: input.names ?? input.labels.map((_, i) => String(i)),
    patients: input.patients,
    intervals,
    ...(positive === undefined ? {} : { positive }),
    ...(options.threshold === undefined ? {} : { threshold: options.threshold }),
  };
  const entries = folds.flatMap((fold) =>
    Array.from({ length: runs }, (_, run) => {
      const draw = { needed: needsValidation(method), fraction: validationFraction, seed: seed + run };
      const rows = foldRows(fold, { ...draw, patients: input.patients });
      checkFold(rows, input.features.rows, input.patients);
      const named = runs === 1 ? rows : { ...rows, name: `${rows.name}, run ${run + 1}` };
      return evaluateFold(input, named, scoring, { ...options, seed: seed + run });
    }),
  );
  const results = entries.map((entry) => entry.fold);
  return {
    card: cardOf(input, folds, results, scoring, options),
    classes,
    folds: results,
    summary: summariseScores(results),
    predictions: options.predictions === true ? entries.flatMap((entry) => entry.predictions) : [],
  };
}

/** Settings of a method by name, without its kind. */
function settingsOf({ kind, ...rest }: ClassifierMethod): Record<string, CardValue> {
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { method: kind, ...(Object.fromEntries(entries) as Record<string, CardValue>) };
}

function cardOf(
  { features, patients }: LabelledFeatures,
  folds: readonly EvaluationFold[],
  results: readonly ClassificationFold[],
  { classes, positive }: Scoring,
  options: EvaluateClassifierOptions,
): ProtocolCard {
  const { method, seed, runs = 1, validationFraction = 0.2, threshold, intervals } = options;
  const drawn = drawsValidation(method, folds);
  const steps = [
    `frozen features, ${options.standardize === true ? 'columns scaled by the training rows' : 'not scaled'}`,
    ...(drawn
      ? [`${validationFraction} of the training ${patients ? 'patients' : 'rows'} set aside for choices`]
      : []),
    describeMethod(method),
    'scores on the test rows of each fold; mean and deviation over folds, each weighing the same',
  ];
  return {
    task: `classification by ${method.kind}`,
    steps,
    settings: {
      ...settingsOf(method),
      standardize: options.standardize ?? false,
      classes,
      ...(positive === undefined ? {} : { positive: classes[positive]! }),
      ...(classes.length === 2 ? { threshold: threshold ?? 'larger probability' } : {}),
      ...(drawn ? { validationFraction } : {}),
      ...(intervals === undefined ? {} : { bootstrap: `${intervals.resamples} resamples` }),
    },
    counts: {
      items: features.rows,
      features: features.cols,
      folds: folds.length,
      runs,
      ...(patients === undefined ? {} : { patients: new Set(patients).size }),
    },
    seeds: {
      ...(drawn || isSeeded(method) ? { training: seed } : {}),
      ...(intervals === undefined ? {} : { bootstrap: intervals.seed }),
    },
    tieRules: tieRulesOf(method),
    undefinedValues: foldRemarks(results),
  };
}
