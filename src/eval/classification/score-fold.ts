/** From the predictions of a fold to its entry in the result. */
import { type Matrix, matrixRow, selectRows } from '../../core/matrix.ts';
import { type BootstrapInterval, bootstrapInterval } from '../numeric/index.ts';
import type { CardValue } from '../results/index.ts';
import { classNotes, type FoldRows } from './evaluation-folds.ts';
import { classCounts } from './labels.ts';
import type { ClassificationFold, Prediction } from './result.ts';
import { type ClassificationMetric, type ScoreOptions, scoreClassification } from './scores.ts';

export interface Intervals {
  readonly metrics: readonly ClassificationMetric[];
  readonly resamples: number;
  readonly seed: number;
}

/** What the scoring of every fold shares. */
export interface Scoring extends ScoreOptions {
  readonly classes: readonly string[];
  readonly codes: Int32Array;
  readonly names: readonly string[];
  readonly patients: readonly string[] | undefined;
  readonly intervals: Intervals | undefined;
}

function intervalsOf(truth: Int32Array, probabilities: Matrix, rows: FoldRows, scoring: Scoring) {
  const { intervals, classes, patients } = scoring;
  const found: Partial<Record<ClassificationMetric, BootstrapInterval>> = {};
  if (intervals === undefined) return found;
  const groups = patients === undefined ? {} : { groups: rows.test.map((i) => patients[i]!) };
  for (const metric of intervals.metrics) {
    const statistic = (at: readonly number[]) =>
      scoreClassification(
        at.map((i) => truth[i]!),
        selectRows(probabilities, at),
        classes,
        scoring,
      )[metric] ?? Number.NaN;
    found[metric] = bootstrapInterval(rows.test.length, statistic, { ...intervals, ...groups });
  }
  return found;
}

/** Scores the test rows of a fold. */
export function scoreFoldRows(
  rows: FoldRows,
  probabilities: Matrix,
  scoring: Scoring,
  { choices, notes }: { choices: Readonly<Record<string, CardValue>>; notes: readonly string[] },
): ClassificationFold {
  const { codes, classes } = scoring;
  const of = (side: readonly number[]) => Int32Array.from(side, (i) => codes[i]!);
  const truth = of(rows.test);
  return {
    name: rows.name,
    counts: {
      train: classCounts(of(rows.train), classes.length),
      validation: classCounts(of(rows.validation), classes.length),
      test: classCounts(truth, classes.length),
    },
    scores: scoreClassification(truth, probabilities, classes, scoring),
    intervals: intervalsOf(truth, probabilities, rows, scoring),
    choices,
    notes: [...classNotes(rows, codes, classes), ...notes],
  };
}

/** The test rows of a fold as list entries. */
export function predictionsOf(rows: FoldRows, probabilities: Matrix, scoring: Scoring): Prediction[] {
  return rows.test.map((i, r) => ({
    item: scoring.names[i]!,
    fold: rows.name,
    truth: scoring.classes[scoring.codes[i]!]!,
    probabilities: [...matrixRow(probabilities, r)],
  }));
}
