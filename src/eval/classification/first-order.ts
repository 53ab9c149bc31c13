/** Gradient steps for the small trained heads of the evaluations. */
import {
  addInto,
  addScalar,
  clearGradient,
  div,
  divScalar,
  gradientOf,
  keep,
  mulScalarInto,
  noGrad,
  scope,
  sqrt,
  square,
  type Tensor,
  zerosLike,
} from '../../tensor/index.ts';

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
  /** Default 1e-8. */
  readonly epsilon?: number;
}

export interface SgdOptions {
  /** Default 0. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly momentum?: number;
}

function zeroed(parameters: readonly Tensor[]): Tensor[] {
  return noGrad(() => parameters.map((p) => keep(zerosLike(p))));
}

/** Calls `update` for every parameter that has a gradient, without recording, and clears the gradients. */
function eachGradient(
  parameters: readonly Tensor[],
  update: (p: Tensor, g: Tensor, i: number) => void,
): void {
  noGrad(() =>
    scope(() => {
      for (const [i, parameter] of parameters.entries()) {
        const gradient = gradientOf(parameter);
        if (gradient !== undefined) update(parameter, gradient, i);
      }
    }),
  );
  for (const parameter of parameters) clearGradient(parameter);
}

/**
 * Adam with decoupled weight decay:
 *   p <- p (1 - rate * decay);  p <- p - rate * m' / (sqrt(v') + epsilon)
 * with m', v' the bias-corrected running mean and square of the gradient.
 *
 * @source arXiv:1711.05101.
 */
export function adamW(parameters: readonly Tensor[], options: AdamWOptions = {}): Optimizer {
  const { weightDecay = 0.01, betas = [0.9, 0.999], epsilon = 1e-8 } = options;
  const [means, squares] = [zeroed(parameters), zeroed(parameters)];
  let steps = 0;
  return {
    step(learningRate) {
      steps++;
      const [meanBias, squareBias] = betas.map((beta) => 1 - beta ** steps) as [number, number];
      eachGradient(parameters, (p, g, i) => {
        mulScalarInto(p, 1 - learningRate * weightDecay);
        addInto(mulScalarInto(means[i]!, betas[0]), g, { alpha: 1 - betas[0] });
        addInto(mulScalarInto(squares[i]!, betas[1]), square(g), { alpha: 1 - betas[1] });
        const scale = addScalar(sqrt(divScalar(squares[i]!, squareBias)), epsilon);
        addInto(p, div(means[i]!, scale), { alpha: -learningRate / meanBias });
      });
    },
    dispose() {
      for (const tensor of [...means, ...squares]) tensor.dispose();
    },
  };
}

/** Momentum: b <- momentum * b + g + decay * p;  p <- p - rate * b. */
export function sgd(parameters: readonly Tensor[], options: SgdOptions = {}): Optimizer {
  const { weightDecay = 0, momentum = 0.9 } = options;
  const buffers = zeroed(parameters);
  return {
    step(learningRate) {
      eachGradient(parameters, (p, g, i) => {
        addInto(mulScalarInto(buffers[i]!, momentum), g);
        if (weightDecay !== 0) addInto(buffers[i]!, p, { alpha: weightDecay });
        addInto(p, buffers[i]!, { alpha: -learningRate });
      });
    },
    dispose() {
      for (const tensor of buffers) tensor.dispose();
    },
  };
}

/** `constant`: the rate as given. `cosine`: from the rate to 0 along half a cosine over all steps. */
export type RateSchedule = 'constant' | 'cosine';

/** Learning rate of step 0 <= step < steps. */
export function rateAt(step: number, steps: number, rate: number, schedule: RateSchedule): number {
  return schedule === 'constant' ? rate : (rate / 2) * (1 + Math.cos((Math.PI * step) / steps));
}
