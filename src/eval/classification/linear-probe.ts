/** A linear classifier trained by gradient steps, as the published evaluations of backbones do it. */
import type { Matrix } from '../../core/matrix.ts';
import { Rng } from '../../core/rng.ts';
import { DataError, ShapeError } from '../../errors.ts';
import { Linear, normalInit, uniformInit } from '../../nn/index.ts';
import {
  add,
  backward,
  indexSelect,
  keep,
  matmul,
  noGrad,
  scope,
  softmax,
  type Tensor,
  tensor,
  toFloat32Array,
  toFloat64Array,
  transpose,
} from '../../tensor/index.ts';
import { argmaxRows, requireFinite } from '../numeric/index.ts';
import type { LabelledRows } from './choose-c.ts';
import { accuracy, balancedAccuracy, confusionMatrix } from './confusion.ts';
import { crossEntropy, oneHot } from './cross-entropy.ts';
import { adamW, type Optimizer, rateAt, sgd } from './first-order.ts';
import { checkCodes } from './labels.ts';
import { checkProbeOptions, type LinearProbeOptions } from './linear-probe-options.ts';

/** softmax(x W^T + b). */
export interface LinearProbe {
  readonly inputs: number;
  readonly classCount: number;
  /** [classCount, inputs] row-major. */
  readonly weights: Float32Array;
  readonly intercepts: Float32Array;
  /** Steps after which these weights were taken. */
  readonly bestStep: number;
  /** Steps run. */
  readonly steps: number;
  readonly stopped: 'steps' | 'patience';
  /** Score of these weights on validation; null without validation rows. */
  readonly validationScore: number | null;
  /** Score at every look. */
  readonly history: readonly { readonly step: number; readonly score: number }[];
}

function checkData(train: LabelledRows, validation: LabelledRows | undefined, classCount: number): void {
  if (train.features.rows === 0) {
    throw new DataError('linear probe', { need: 'at least one training row', found: 'none' });
  }
  for (const [name, rows] of [
    ['training', train],
    ['validation', validation],
  ] as const) {
    if (rows === undefined) continue;
    checkCodes('linear probe', rows.codes, rows.features.rows, classCount);
    requireFinite('linear probe', `${name} features`, rows.features);
    if (rows.features.cols !== train.features.cols) {
      throw new ShapeError('linear probe', {
        need: `${train.features.cols} features in the ${name} rows`,
        found: `${rows.features.cols}`,
      });
    }
  }
}

const float32 = ({ data, rows, cols }: Matrix): Tensor => tensor(Float32Array.from(data), [rows, cols]);

/** Endless batches of row numbers: every pass over the data in a new order. */
function* batches(rows: number, size: number, seed: number): Generator<Int32Array, never> {
  const rng = new Rng(seed);
  const order = Array.from({ length: rows }, (_, i) => i);
  let at = rows;
  for (;;) {
    const batch: number[] = [];
    while (batch.length < Math.min(size, rows)) {
      if (at >= rows) {
        rng.shuffle(order);
        at = 0;
      }
      batch.push(order[at++]!);
    }
    yield Int32Array.from(batch);
  }
}

/**
 * Trains the head on float32 features; with validation rows, keeps the weights of the best look (of equal
 * scores the earlier), without them the last.
 *
 * The same data, options and seed give the same weights on one machine.
 */
export function fitLinearProbe(
  train: LabelledRows,
  validation: LabelledRows | undefined,
  classCount: number,
  options: LinearProbeOptions,
): LinearProbe {
  checkProbeOptions(options);
  checkData(train, validation, classCount);
  const { cols } = train.features;
  const weightInit = options.init === 'normal' ? normalInit(0.01) : uniformInit(1 / Math.sqrt(cols));
  const head = new Linear(cols, classCount, { weightInit }).initialize(options.seed);
  const parameters = [...head.namedParameters().values()];
  const { weightDecay } = options;
  const optimizer =
    options.optimizer === 'adamw' ? adamW(parameters, { weightDecay }) : sgd(parameters, { weightDecay });
  const held = scope(() => [keep(float32(train.features)), keep(oneHot(train.codes, classCount))]);
  try {
    return trainHead(head, optimizer, held as [Tensor, Tensor], validation, options);
  } finally {
    for (const tensor of held) tensor.dispose();
    optimizer.dispose();
    head.dispose();
  }
}

function snapshot(head: Linear, bestStep: number, validationScore: number | null) {
  const weights = Float32Array.from(toFloat32Array(head.weight));
  const intercepts = Float32Array.from(toFloat32Array(head.bias!));
  return { weights, intercepts, bestStep, validationScore };
}

function trainHead(
  head: Linear,
  optimizer: Optimizer,
  [x, targets]: readonly [Tensor, Tensor],
  validation: LabelledRows | undefined,
  options: LinearProbeOptions,
): LinearProbe {
  const [inputs, classCount] = [x.size(1), targets.size(1)];
  const history: { step: number; score: number }[] = [];
  const stream = batches(x.size(0), options.batchSize, options.seed);
  let best: ReturnType<typeof snapshot> | undefined;
  let [step, idle] = [0, 0];
  while (step < options.steps && idle < (options.patience ?? Number.POSITIVE_INFINITY)) {
    scope(() => {
      const rows = tensor(stream.next().value, [Math.min(options.batchSize, x.size(0))]);
      const logits = head.forward(indexSelect(x, 0, rows));
      backward(crossEntropy(logits, indexSelect(targets, 0, rows)));
    });
    optimizer.step(rateAt(step, options.steps, options.learningRate, options.schedule));
    step++;
    if (validation === undefined || (step % options.evaluateEvery !== 0 && step !== options.steps)) continue;
    const now = snapshot(head, step, null);
    const called = argmaxRows(probeProbabilities({ inputs, classCount, ...now }, validation.features));
    const confusion = confusionMatrix(validation.codes, called, classCount);
    const score = options.metric === 'accuracy' ? accuracy(confusion) : balancedAccuracy(confusion);
    history.push({ step, score });
    idle++;
    if (best === undefined || score > best.validationScore!) {
      best = { ...now, validationScore: score };
      idle = 0;
    }
  }
  const chosen = best ?? snapshot(head, step, null);
  const stopped = step < options.steps ? 'patience' : 'steps';
  return { inputs, classCount, ...chosen, steps: step, stopped, history };
}

/** Class probabilities [n, classCount] float64 of a linear softmax head. */
export function probeProbabilities(
  {
    inputs,
    classCount,
    weights,
    intercepts,
  }: Pick<LinearProbe, 'inputs' | 'classCount' | 'weights' | 'intercepts'>,
  x: Matrix,
): Matrix<Float64Array> {
  if (x.cols !== inputs)
    throw new ShapeError('linear probe', { need: `${inputs} features`, found: `${x.cols}` });
  if (x.rows === 0) return { rows: 0, cols: classCount, data: new Float64Array(0) };
  const data = noGrad(() =>
    scope(() => {
      const w = tensor(Float64Array.from(weights), [classCount, inputs]);
      const b = tensor(Float64Array.from(intercepts), [1, classCount]);
      const logits = add(matmul(tensor(Float64Array.from(x.data), [x.rows, inputs]), transpose(w, 0, 1)), b);
      return toFloat64Array(softmax(logits, 1));
    }),
  );
  return { rows: x.rows, cols: classCount, data };
}
