/** Inputs of benchmarks: kept tensors that are disposed together. */
import { Generator, keep, normalInto, scope, type Tensor, zeros } from '../tensor/index.ts';
import type { Ready } from './case.ts';

/** Makes tensors of normal numbers and disposes all of them at the end. */
export class Inputs {
  readonly #tensors: Tensor[] = [];
  readonly #generator = new Generator(1);

  /** Standard normal float32 numbers. */
  normal(shape: readonly number[], { requiresGrad = false } = {}): Tensor {
    const t = keep(zeros(shape, { dtype: 'float32' }));
    normalInto(t, { generator: this.#generator });
    if (requiresGrad) t.requiresGrad = true;
    this.#tensors.push(t);
    return t;
  }

  /** Another tensor to be disposed at the end. */
  hold(t: Tensor): Tensor {
    this.#tensors.push(keep(t));
    return t;
  }

  dispose(): void {
    for (const t of this.#tensors) t.dispose();
    this.#generator.dispose();
  }
}

/** A benchmark over inputs; what a run makes is disposed in it. */
export function overInputs(make: (inputs: Inputs) => () => void): Ready {
  const inputs = new Inputs();
  const work = make(inputs);
  return { run: () => scope(work), dispose: () => inputs.dispose() };
}
