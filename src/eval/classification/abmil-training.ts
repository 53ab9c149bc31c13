import { type Matrix, selectRows } from '../../core/matrix.ts';
import { Rng } from '../../core/rng.ts';
import { UsageError } from '../../errors.ts';
import {
  backward,
  copyInto,
  Generator,
  item,
  mulScalar,
  noGrad,
  scope,
  type Tensor,
  tensor,
  toFloat32Array,
} from '../../tensor/index.ts';
import { type AbmilShape, bagTensor, GatedAbmil } from './abmil.ts';
import { crossEntropy, oneHot } from './cross-entropy.ts';
import { adamW, type RateSchedule, rateAt } from './first-order.ts';
import { classCounts } from './labels.ts';

/** The patches of one slide (or of all slides of a patient) with their label. */
export interface Bag {
  readonly id: string;
  readonly patient: string;
  /** Class index. */
  readonly code: number;
  /** Reads the patch features [N, d]; called once per epoch, so large cohorts need not fit in memory. */
  load(): Matrix | Promise<Matrix>;
}

export interface AbmilTraining {
  /** Passes over the training bags at most; default 20. */
  readonly epochs?: number;
  /** Ends after so many epochs without a lower validation loss; default 5. Needs validation bags. */
  readonly patience?: number;
  /** Default 1e-4. */
  readonly learningRate?: number;
  /** Default 1e-5. */
  readonly weightDecay?: number;
  /** Default `cosine`, per step. */
  readonly schedule?: RateSchedule;
  /** Random patches of a bag per step, another draw each time; default all. */
  readonly patchesPerStep?: number;
  /** `balanced`: a bag weighs (bags / classes) / (bags of its class); default `none`. */
  readonly classWeights?: 'none' | 'balanced';
  readonly seed: number;
}

/** A trained model; the caller disposes `model`. */
export interface AbmilFit {
  readonly model: GatedAbmil;
  /** Epoch (from 1) whose weights were kept: the lowest validation loss, the earliest of equal ones. */
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly stopped: 'epochs' | 'patience';
  /** Mean loss per epoch, of training (with dropout) and of validation (null without bags). */
  readonly history: readonly { readonly train: number; readonly validation: number | null }[];
}

function weightsOf(bags: readonly Bag[], classCount: number, kind: 'none' | 'balanced'): number[] {
  const counts = classCounts(
    bags.map((bag) => bag.code),
    classCount,
  );
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (kind === 'none' || count === 0 ? 1 : bags.length / present / count));
}

function lossOf(model: GatedAbmil, patches: Tensor, code: number, random?: Generator): Tensor {
  return crossEntropy(model.forward(patches, random).logits, oneHot([code], model.classCount));
}

function sampled(bag: Matrix, most: number | undefined, rng: Rng): Matrix {
  if (most === undefined || bag.rows <= most) return bag;
  const rows = rng.shuffle(Array.from({ length: bag.rows }, (_, i) => i)).slice(0, most);
  return selectRows(bag, rows);
}

async function meanLoss(model: GatedAbmil, bags: readonly Bag[]): Promise<number> {
  let sum = 0;
  for (const bag of bags) {
    const patches = await bag.load();
    sum += noGrad(() => scope(() => item(lossOf(model, bagTensor(patches, model.inputs), bag.code))));
  }
  return sum / bags.length;
}

function copyOf(model: GatedAbmil): Float32Array[] {
  return [...model.namedParameters().values()].map((p) => Float32Array.from(toFloat32Array(p)));
}

function restore(model: GatedAbmil, values: readonly Float32Array[]): void {
  noGrad(() =>
    scope(() => {
      for (const [i, parameter] of [...model.namedParameters().values()].entries()) {
        copyInto(parameter, tensor(values[i]!, parameter.shape));
      }
    }),
  );
}

/**
 * Trains with one bag per step in a new random order each epoch. The same bags, options and seed give the same
 * model on one machine.
 *
 * @param validation keeps the best epoch and ends early; without bags the last epoch is kept.
 * @throws UsageError for no training bag or a number of epochs below 1; ShapeError or DataError for unusable bags.
 */
export async function trainAbmil(
  train: readonly Bag[],
  validation: readonly Bag[],
  shape: AbmilShape,
  options: AbmilTraining,
): Promise<AbmilFit> {
  const { epochs = 20, patience = 5, seed } = options;
  if (train.length === 0 || !(Number.isInteger(epochs) && epochs >= 1)) {
    throw new UsageError('ABMIL', {
      need: 'at least one training bag and one epoch',
      found: `${train.length} bags, ${epochs} epochs`,
    });
  }
  const model = new GatedAbmil(shape).initialize(seed);
  const run = epochRunner(model, train, options, epochs);
  const history: { train: number; validation: number | null }[] = [];
  let best = { epoch: 0, loss: Number.POSITIVE_INFINITY, values: [] as Float32Array[] };
  try {
    while (history.length < epochs && history.length - best.epoch < patience) {
      const trained = await run.epoch(history.length);
      const loss = validation.length === 0 ? null : await meanLoss(model, validation);
      history.push({ train: trained, validation: loss });
      if (loss === null) best = { ...best, epoch: history.length };
      else if (loss < best.loss) best = { epoch: history.length, loss, values: copyOf(model) };
    }
    if (best.values.length > 0) restore(model, best.values);
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    run.dispose();
  }
  const stopped = history.length < epochs ? 'patience' : 'epochs';
  return { model, bestEpoch: best.epoch, epochs: history.length, stopped, history };
}

/** Holds the optimiser and the random streams from epoch to epoch. */
function epochRunner(model: GatedAbmil, bags: readonly Bag[], options: AbmilTraining, epochs: number) {
  const { learningRate = 1e-4, weightDecay = 1e-5, schedule = 'cosine', classWeights = 'none' } = options;
  const weights = weightsOf(bags, model.classCount, classWeights);
  const optimizer = adamW([...model.namedParameters().values()], { weightDecay });
  const [rng, dropout] = [new Rng(options.seed), new Generator(options.seed)];
  let step = 0;
  return {
    async epoch(index: number): Promise<number> {
      let sum = 0;
      for (const bag of rng.shuffle([...bags])) {
        const patches = sampled(await bag.load(), options.patchesPerStep, rng);
        sum += scope(() => {
          const loss = lossOf(model, bagTensor(patches, model.inputs), bag.code, dropout);
          const weighted = mulScalar(loss, weights[bag.code]!);
          backward(weighted);
          return item(weighted);
        });
        optimizer.step(rateAt(step++, epochs * bags.length, learningRate, schedule));
      }
      if (Number.isFinite(sum)) return sum / bags.length;
      throw new UsageError('ABMIL', {
        need: 'a finite training loss',
        found: `${sum} in epoch ${index + 1}`,
        next: 'lower the learning rate',
      });
    },
    dispose(): void {
      optimizer.dispose();
      dropout.dispose();
    },
  };
}
