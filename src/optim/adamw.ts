import { DataError, ShapeError } from '../errors.ts';
import {
  copyInto,
  type Device,
  foreachAddcdivInto,
  foreachAddcmulInto,
  foreachAddInto,
  foreachAddScalarInto,
  foreachDivScalarInto,
  foreachMulScalarInto,
  foreachSqrt,
  keep,
  noGrad,
  scope,
  type Tensor,
  zerosLike,
} from '../tensor/index.ts';
import { bucketsOf } from './buckets.ts';
import type { ParameterGroup } from './parameter-groups.ts';

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  /** Added to the root of the second moment, after its bias correction. */
  readonly eps?: number;
}

/** Rates of one step, before each group's multipliers. */
export interface StepRates {
  readonly lr: number;
  readonly weightDecay: number;
  /** For groups marked `lastLayer`; as `lr` when absent. */
  readonly lastLayerLr?: number;
}

/** One parameter with its two running moments and its gradient of this step. */
interface Slot {
  readonly name: string;
  readonly parameter: Tensor;
  /** Running mean of the gradient. */
  readonly mean: Tensor;
  /** Running mean of the squared gradient. */
  readonly square: Tensor;
}

/**
 * Adam with decoupled weight decay. Per parameter p with gradient g at step t (from 1), all in place:
 *
 *   p *= 1 - lr * wd
 *   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
 *   p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
 *
 * A group with learning rate 0 does not move, but its moments advance.
 *
 * @source Loshchilov and Hutter, arXiv:1711.05101.
 */
export class AdamW {
  readonly groups: readonly ParameterGroup[];
  readonly #slots: readonly (readonly Slot[])[];
  readonly #options: Required<AdamWOptions>;
  #steps = 0;

  constructor(groups: readonly ParameterGroup[], options: AdamWOptions = {}) {
    this.groups = groups;
    this.#options = {
      beta1: options.beta1 ?? 0.9,
      beta2: options.beta2 ?? 0.999,
      eps: options.eps ?? 1e-8,
    };
    this.#slots = noGrad(() =>
      groups.map(({ parameters }) =>
        [...parameters].map(([name, parameter]) => ({
          name,
          parameter,
          mean: keep(zerosLike(parameter)),
          square: keep(zerosLike(parameter)),
        })),
      ),
    );
  }

  /** Steps made so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * One update of all parameters.
   *
   * @param gradients by the names in the groups; read only.
   * @throws DataError when a parameter's gradient is not among them.
   */
  step(gradients: ReadonlyMap<string, Tensor>, rates: StepRates): void {
    for (const slot of this.#slots.flat()) {
      if (!gradients.has(slot.name)) {
        throw new DataError('AdamW', {
          need: 'a gradient for every parameter',
          found: `none for ${slot.name}`,
          next: 'collect them with gradientsOf, which fills in zeros',
        });
      }
    }
    this.#steps++;
    noGrad(() => {
      for (const [i, group] of this.groups.entries()) {
        const base = group.lastLayer ? (rates.lastLayerLr ?? rates.lr) : rates.lr;
        const [lr, decay] = [base * group.lrMultiplier, rates.weightDecay * group.decayMultiplier];
        for (const bucket of bucketsOf(this.#slots[i]!, ({ parameter }) => parameter)) {
          scope(() => this.#update(bucket, gradients, lr, decay));
        }
      }
    });
  }

  #update(slots: readonly Slot[], gradients: ReadonlyMap<string, Tensor>, lr: number, decay: number): void {
    const { beta1, beta2, eps } = this.#options;
    const p = slots.map(({ parameter }) => parameter);
    const m = slots.map(({ mean }) => mean);
    const v = slots.map(({ square }) => square);
    const g = slots.map(({ name }) => gradients.get(name)!);
    if (lr * decay !== 0) foreachMulScalarInto(p, 1 - lr * decay);
    foreachMulScalarInto(m, beta1);
    foreachAddInto(m, g, { alpha: 1 - beta1 });
    foreachMulScalarInto(v, beta2);
    foreachAddcmulInto(v, g, g, { value: 1 - beta2 });
    if (lr === 0) return;
    const root = foreachSqrt(v);
    foreachDivScalarInto(root, Math.sqrt(1 - beta2 ** this.#steps));
    foreachAddScalarInto(root, eps);
    foreachAddcdivInto(p, m, root, { value: -lr / (1 - beta1 ** this.#steps) });
  }

  /** The moments by name: `exp_avg.<parameter>` and `exp_avg_sq.<parameter>`. Not copies. */
  tensors(): Map<string, Tensor> {
    const all = new Map<string, Tensor>();
    for (const { name, mean, square } of this.#slots.flat()) {
      all.set(`exp_avg.${name}`, mean);
      all.set(`exp_avg_sq.${name}`, square);
    }
    return all;
  }

  /**
   * Puts back what {@link tensors} and {@link steps} gave. Nothing is changed unless all fit.
   *
   * @throws DataError for a missing moment; ShapeError for one of another shape.
   */
  restore(steps: number, given: ReadonlyMap<string, Tensor>): void {
    const wanted = this.tensors();
    for (const [name, tensor] of wanted) {
      const found = given.get(name);
      if (found === undefined)
        throw new DataError('AdamW restore', { need: `the moment ${name}`, found: `${given.size} others` });
      if (found.shape.join() !== tensor.shape.join()) {
        throw new ShapeError('AdamW restore', {
          need: `${name} of shape [${tensor.shape.join(', ')}]`,
          found: `[${found.shape.join(', ')}]`,
        });
      }
    }
    noGrad(() => {
      for (const [name, tensor] of wanted) copyInto(tensor, given.get(name)!);
    });
    this.#steps = steps;
  }

  /** Moves the moments. */
  to(device: Device): this {
    for (const tensor of this.tensors().values()) tensor.moveTo(device);
    return this;
  }

  /** Frees the moments; the parameters belong to their modules. */
  dispose(): void {
    for (const tensor of this.tensors().values()) tensor.dispose();
  }
}
