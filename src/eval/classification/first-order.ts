/** Gradient steps for the small trained heads of the evaluations. */
import { AdamW, clearGradients, gradientsOf } from '../../optim/index.ts';
import { addInto, keep, mulScalarInto, noGrad, scope, type Tensor, zerosLike } from '../../tensor/index.ts';

/** Changes parameters in place by their gradients. */
export interface Optimizer {
  /** One update with the given learning rate; the gradients are cleared. */
  step(learningRate: number): void;
  /** Frees the optimiser's own state; the parameters stay. */
  dispose(): void;
}

export interface AdamWOptions {
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Decay of the running mean and square; default 0.9 and 0.999. */
  readonly betas?: readonly [number, number];
}

export interface SgdOptions {
  /** Default 0. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly momentum?: number;
}

/** The parameters under the names 0, 1, ... as optim takes them. */
const numbered = (parameters: readonly Tensor[]): ReadonlyMap<string, Tensor> =>
  new Map(parameters.map((parameter, i) => [String(i), parameter]));

/**
 * {@link AdamW} with the same decay on every parameter, on the gradients that `backward` left.
 *
 * @source arXiv:1711.05101.
 */
export function adamW(parameters: readonly Tensor[], options: AdamWOptions = {}): Optimizer {
  const { weightDecay = 0.01, betas: [beta1, beta2] = [0.9, 0.999] } = options;
  const named = numbered(parameters);
  const group = { parameters: named, lrMultiplier: 1, decayMultiplier: 1, lastLayer: false };
  const optimizer = new AdamW([group], { beta1, beta2 });
  return {
    step(learningRate) {
      scope(() => optimizer.step(gradientsOf(named), { lr: learningRate, weightDecay }));
      clearGradients(named);
    },
    dispose: () => optimizer.dispose(),
  };
}

/** Momentum: b <- momentum * b + g + decay * p;  p <- p - rate * b. */
export function sgd(parameters: readonly Tensor[], options: SgdOptions = {}): Optimizer {
  const { weightDecay = 0, momentum = 0.9 } = options;
  const named = numbered(parameters);
  const buffers = noGrad(() => new Map([...named].map(([name, p]) => [name, keep(zerosLike(p))])));
  return {
    step(learningRate) {
      noGrad(() =>
        scope(() => {
          for (const [name, gradient] of gradientsOf(named)) {
            const [parameter, buffer] = [named.get(name)!, buffers.get(name)!];
            addInto(mulScalarInto(buffer, momentum), gradient);
            if (weightDecay !== 0) addInto(buffer, parameter, { alpha: weightDecay });
            addInto(parameter, buffer, { alpha: -learningRate });
          }
        }),
      );
      clearGradients(named);
    },
    dispose() {
      for (const tensor of buffers.values()) tensor.dispose();
    },
  };
}

/** `constant`: the rate as given. `cosine`: from the rate to 0 along half a cosine over all steps. */
export type RateSchedule = 'constant' | 'cosine';

/** Learning rate of step 0 <= step < steps. */
export function rateAt(step: number, steps: number, rate: number, schedule: RateSchedule): number {
  return schedule === 'constant' ? rate : (rate / 2) * (1 + Math.cos((Math.PI * step) / steps));
}
