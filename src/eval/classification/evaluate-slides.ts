import { UsageError } from '../../errors.ts';
import type { ProtocolCard } from '../results/index.ts';
import type { AbmilShape } from './abmil.ts';
import { type AbmilTraining, type Bag, trainAbmil } from './abmil-training.ts';
import { checkFold, type EvaluationFold, type FoldRows, foldRows } from './evaluation-folds.ts';
import { checkCodes } from './labels.ts';
import {
  type ClassificationFold,
  type ClassificationResult,
  foldRemarks,
  type Prediction,
  summariseScores,
} from './result.ts';
import { type Intervals, predictionsOf, type Scoring, scoreFoldRows } from './score-fold.ts';

export interface EvaluateSlidesOptions {
  readonly shape: Omit<AbmilShape, 'classCount'>;
  readonly training: Omit<AbmilTraining, 'seed'>;
  readonly seed: number;
  /** Share of training patients set aside to choose the epoch; 0: none, the last epoch is taken. Default 0.2. */
  readonly validationFraction?: number;
  /** Index of the positive class of a two-class task; default 1. */
  readonly positive?: number;
  /** See `ScoreOptions`; for two classes. */
  readonly threshold?: number;
  readonly intervals?: Intervals;
}

/** Trains on one fold and predicts its test bags. */
async function runFold(
  bags: readonly Bag[],
  rows: FoldRows,
  scoring: Scoring,
  { shape, training, seed }: EvaluateSlidesOptions,
): Promise<{ fold: ClassificationFold; predictions: Prediction[] }> {
  const of = (side: readonly number[]) => side.map((i) => bags[i]!);
  const classCount = scoring.classes.length;
  const fit = await trainAbmil(
    of(rows.train),
    of(rows.validation),
    { ...shape, classCount },
    { ...training, seed },
  );
  try {
    const data = new Float64Array(rows.test.length * classCount);
    for (const [r, bag] of of(rows.test).entries()) {
      data.set(fit.model.predict(await bag.load()).probabilities, r * classCount);
    }
    const probabilities = { rows: rows.test.length, cols: classCount, data };
    const { bestEpoch, epochs, stopped } = fit;
    const done = { choices: { bestEpoch, epochs, stopped }, notes: [] };
    return {
      fold: scoreFoldRows(rows, probabilities, scoring, done),
      predictions: predictionsOf(rows, probabilities, scoring),
    };
  } finally {
    fit.model.dispose();
  }
}

/**
 * Trains and tests gated attention pooling on bags of patch features, fold by fold; every test bag is listed in
 * the result.
 *
 * @param folds of patients, e.g. from `patientStratifiedKFold`.
 * @throws UsageError for unusable folds or options; DataError for a patient on both sides of a fold.
 */
export async function evaluateSlides(
  bags: readonly Bag[],
  classes: readonly string[],
  folds: readonly EvaluationFold[],
  options: EvaluateSlidesOptions,
): Promise<ClassificationResult> {
  const { seed, validationFraction = 0.2, positive, threshold, intervals } = options;
  const codes = Int32Array.from(bags, (bag) => bag.code);
  checkCodes('slide classification', codes, bags.length, classes.length);
  if (folds.length === 0) {
    throw new UsageError('slide classification', { need: 'at least one fold', found: 'none' });
  }
  if (positive !== undefined && (classes.length !== 2 || (positive !== 0 && positive !== 1))) {
    throw new UsageError('slide classification', {
      need: 'two classes and 0 or 1 as the positive one',
      found: `${classes.length} classes and ${positive}`,
    });
  }
  const patients = bags.map((bag) => bag.patient);
  const scoring: Scoring = {
    classes,
    codes,
    names: bags.map((bag) => bag.id),
    patients,
    intervals,
    ...(classes.length === 2 ? { positive: positive ?? 1 } : {}),
    ...(threshold === undefined ? {} : { threshold }),
  };
  const results: ClassificationFold[] = [];
  const predictions: Prediction[] = [];
  for (const fold of folds) {
    const needed = validationFraction > 0 || fold.validation !== undefined;
    const rows = foldRows(fold, { needed, fraction: validationFraction, seed, patients });
    checkFold(rows, bags.length, patients);
    const done = await runFold(bags, rows, scoring, options);
    results.push(done.fold);
    predictions.push(...done.predictions);
  }
  const card = cardOf(bags, folds, results, scoring, options);
  return { card, classes, folds: results, summary: summariseScores(results), predictions };
}

function cardOf(
  bags: readonly Bag[],
  folds: readonly EvaluationFold[],
  results: readonly ClassificationFold[],
  { classes, positive }: Scoring,
  { shape, training, seed, validationFraction = 0.2, threshold, intervals }: EvaluateSlidesOptions,
): ProtocolCard {
  const { gated = true, embed = 512, attention = 384, dropout = 0.25 } = shape;
  const { epochs = 20, patience = 5, learningRate = 1e-4, weightDecay = 1e-5 } = training;
  const { schedule = 'cosine', patchesPerStep = null, classWeights = 'none' } = training;
  const drawn = validationFraction > 0 && folds.some((fold) => fold.validation === undefined);
  const steps = [
    'one bag of frozen patch features per slide',
    ...(drawn ? [`${validationFraction} of the training patients set aside to choose the epoch`] : []),
    `${gated ? 'gated ' : ''}attention pooling with a linear head, AdamW, one bag per step`,
    'scores on the test bags of each fold; mean and deviation over folds, each weighing the same',
  ];
  return {
    task: 'slide classification by attention pooling (ABMIL)',
    steps,
    settings: {
      ...{ gated, embed, attention, dropout },
      ...{ epochs, patience, learningRate, weightDecay, schedule, patchesPerStep, classWeights },
      classes,
      ...(positive === undefined ? {} : { positive: classes[positive]! }),
      ...(classes.length === 2 ? { threshold: threshold ?? 'larger probability' } : {}),
      ...(drawn ? { validationFraction } : {}),
      ...(intervals === undefined ? {} : { bootstrap: `${intervals.resamples} resamples` }),
    },
    counts: {
      bags: bags.length,
      patients: new Set(bags.map((bag) => bag.patient)).size,
      folds: folds.length,
    },
    seeds: { training: seed, ...(intervals === undefined ? {} : { bootstrap: intervals.seed }) },
    tieRules: [
      'equal validation losses: the earliest epoch',
      'equal class scores: the class of the lowest index',
    ],
    undefinedValues: foldRemarks(results),
  };
}
