/** The classifiers that an evaluation can name, behind one function. */
import type { Matrix } from '../../core/matrix.ts';
import type { CardValue } from '../results/index.ts';
import { type ChooseCOptions, chooseC, DINOV2_C_GRID, type LabelledRows } from './choose-c.ts';
import { type KnnDistance, type KnnVote, nearestTraining, simpleShot, voteShares } from './knn.ts';
import { fitLinearProbe, probeProbabilities } from './linear-probe.ts';
import type { LinearProbeOptions } from './linear-probe-options.ts';
import { fitLogistic, type LogisticOptions, logisticProbabilities, uniC } from './logistic-regression.ts';

/** Logistic regression with a given C; `uni`: features * classes / 100 and the plain norm as penalty. */
export interface LogisticMethod extends Omit<LogisticOptions, 'c' | 'start'> {
  readonly kind: 'logistic';
  readonly c: number | 'uni';
}
/** Logistic regression with C chosen on validation rows. */
export interface LogisticGridMethod extends ChooseCOptions {
  readonly kind: 'logistic-grid';
}
export interface KnnMethod {
  readonly kind: 'knn';
  readonly k: number;
  readonly distance: KnnDistance;
  readonly vote: KnnVote;
  /** Of the softmax vote; default 0.07. */
  readonly temperature?: number;
}
export interface SimpleShotMethod {
  readonly kind: 'simpleshot';
}
/** A linear probe by gradient steps; its seed is the run's. */
export interface LinearProbeMethod extends Omit<LinearProbeOptions, 'seed'> {
  readonly kind: 'linear-probe';
}
export type ClassifierMethod =
  | LogisticMethod
  | LogisticGridMethod
  | KnnMethod
  | SimpleShotMethod
  | LinearProbeMethod;

/** Predictions for the test rows, and what was chosen on the way. */
export interface Classified {
  readonly probabilities: Matrix<Float64Array>;
  readonly choices: Readonly<Record<string, CardValue>>;
  readonly notes: readonly string[];
}

/** True when a method looks at validation rows. */
export function needsValidation(method: ClassifierMethod): boolean {
  return method.kind === 'logistic-grid' || method.kind === 'linear-probe';
}

/** True when another seed gives another result. */
export function isSeeded(method: ClassifierMethod): boolean {
  return method.kind === 'linear-probe';
}

function logistic(method: LogisticMethod, train: LabelledRows, test: Matrix, classCount: number): Classified {
  const { kind: _, c: wanted, ...rest } = method;
  const c = wanted === 'uni' ? uniC(train.features.cols, classCount) : wanted;
  const form = wanted === 'uni' ? ({ penalty: 'norm', outputs: 'softmax', ...rest } as const) : rest;
  const model = fitLogistic(train.features, train.codes, classCount, { ...form, c });
  const notes = model.collapsed ? ['the norm penalty held all weights at 0: class frequencies only'] : [];
  if (model.stopped === 'iterations') notes.push(`not converged after ${model.iterations} iterations`);
  const choices = { c, iterations: model.iterations, stopped: model.stopped };
  return { probabilities: logisticProbabilities(model, test), choices, notes };
}

function logisticGrid(
  { kind: _, ...options }: LogisticGridMethod,
  train: LabelledRows,
  validation: LabelledRows,
  test: Matrix,
  classCount: number,
): Classified {
  const { c, model, grid } = chooseC(train, validation, classCount, options);
  const notes: string[] = [];
  const values = options.grid ?? DINOV2_C_GRID;
  if (values.length > 1 && (c === values[0] || c === values.at(-1))) {
    notes.push(`the chosen C (${c}) is an end of the grid: a wider one may be better`);
  }
  const open = grid.filter((point) => point.stopped === 'iterations').length;
  if (open > 0) notes.push(`${open} of ${grid.length} values of C had not converged`);
  const score = grid.find((point) => point.c === c)!.score;
  return {
    probabilities: logisticProbabilities(model, test),
    choices: { c, validationScore: score, stopped: model.stopped },
    notes,
  };
}

function knn(method: KnnMethod, train: LabelledRows, test: Matrix, classCount: number): Classified {
  const found = nearestTraining(train, test, classCount, method.k, method.distance);
  const notes =
    found.k < method.k ? [`k = ${method.k} is more than the ${found.k} training rows: all of them vote`] : [];
  return {
    probabilities: voteShares(found, train.codes, classCount, method),
    choices: { k: found.k },
    notes,
  };
}

function linearProbe(
  { kind: _, ...options }: LinearProbeMethod,
  train: LabelledRows,
  validation: LabelledRows | undefined,
  test: Matrix,
  classCount: number,
  seed: number,
): Classified {
  const probe = fitLinearProbe(train, validation, classCount, { ...options, seed });
  const { bestStep, steps, stopped, validationScore } = probe;
  return {
    probabilities: probeProbabilities(probe, test),
    choices: { bestStep, steps, stopped, validationScore },
    notes: [],
  };
}

/** Trains on `train`, chooses on `validation` where the method does, and predicts `test`. */
export function classify(
  method: ClassifierMethod,
  train: LabelledRows,
  validation: LabelledRows,
  test: Matrix,
  { classCount, seed }: { readonly classCount: number; readonly seed: number },
): Classified {
  switch (method.kind) {
    case 'logistic':
      return logistic(method, train, test, classCount);
    case 'logistic-grid':
      return logisticGrid(method, train, validation, test, classCount);
    case 'knn':
      return knn(method, train, test, classCount);
    case 'simpleshot':
      return { probabilities: simpleShot(train, test, classCount), choices: {}, notes: [] };
    case 'linear-probe':
      return linearProbe(method, train, validation, test, classCount, seed);
  }
}

/** One sentence on what a method does, for the protocol card. */
export function describeMethod(method: ClassifierMethod): string {
  switch (method.kind) {
    case 'logistic':
      return method.c === 'uni'
        ? 'logistic regression with C = features * classes / 100 and the plain norm of the weights as penalty (UNI)'
        : `logistic regression with C = ${method.c}`;
    case 'logistic-grid':
      return 'logistic regression with C chosen on validation rows';
    case 'knn':
      return `the ${method.k} nearest training rows by ${method.distance === 'uni' ? 'centred Euclidean' : 'cosine'} distance, ${method.vote} vote`;
    case 'simpleshot':
      return 'the nearest class mean of centred unit rows (SimpleShot)';
    case 'linear-probe':
      return `a linear layer trained by ${method.optimizer} with early choice on validation rows`;
  }
}

/** How equal values are told apart by a method. */
export function tieRulesOf(method: ClassifierMethod): string[] {
  const shared = 'equal class scores: the class of the lowest index';
  switch (method.kind) {
    case 'knn':
      return ['equal similarities: the training row of the lowest index', shared];
    case 'logistic-grid':
      return ['equal validation scores: the smallest C', shared];
    case 'linear-probe':
      return ['equal validation scores: the earliest look', shared];
    default:
      return [shared];
  }
}
