/** A tree of named parameters. Names equal the published checkpoints', so weights load by name. */
import { type Device, keep, noGrad, scope, type Tensor, zeros } from '../tensor/index.ts';
import type { Initializer } from './init.ts';

interface Parameter {
  readonly tensor: Tensor;
  readonly initialize: Initializer;
}

/** Base of everything that holds weights. */
export abstract class Module {
  readonly #parameters = new Map<string, Parameter>();
  readonly #children = new Map<string, Module>();

  /**
   * Declares a trainable float32 tensor, zero until {@link initialize} or a checkpoint fills it.
   *
   * @param name last part of its checkpoint name.
   */
  protected parameter(name: string, shape: readonly number[], initialize: Initializer): Tensor {
    const tensor = keep(zeros(shape, { dtype: 'float32' }));
    tensor.requiresGrad = true;
    this.#parameters.set(name, { tensor, initialize });
    return tensor;
  }

  /** Declares a sub-module under `name`. */
  protected child<M extends Module>(name: string, module: M): M {
    this.#children.set(name, module);
    return module;
  }

  *#entries(prefix: string): Generator<[string, Parameter]> {
    for (const [name, parameter] of this.#parameters) yield [prefix + name, parameter];
    for (const [name, child] of this.#children) yield* child.#entries(`${prefix}${name}.`);
  }

  /** All parameters by full name, in order of declaration. */
  namedParameters(): Map<string, Tensor> {
    return new Map([...this.#entries('')].map(([name, { tensor }]) => [name, tensor]));
  }

  /** Number of trainable values. */
  parameterCount(): number {
    let count = 0;
    for (const tensor of this.namedParameters().values()) count += tensor.elementCount;
    return count;
  }

  /**
   * Fills every parameter with its published initial distribution. A parameter's numbers depend on `seed` and its
   * name alone, not on the order of construction.
   */
  initialize(seed: number): this {
    noGrad(() =>
      scope(() => {
        for (const [name, { tensor, initialize }] of this.#entries('')) initialize(tensor, `${seed}/${name}`);
      }),
    );
    return this;
  }

  /** Switches gradient recording for all parameters, e.g. off for a teacher. */
  setRequiresGrad(required: boolean): this {
    for (const tensor of this.namedParameters().values()) tensor.requiresGrad = required;
    return this;
  }

  /** Moves all parameters; the {@link Tensor} objects stay the same. Gradients are dropped. */
  to(device: Device): this {
    for (const tensor of this.namedParameters().values()) tensor.moveTo(device);
    return this;
  }

  /** Frees all parameters. */
  dispose(): void {
    for (const tensor of this.namedParameters().values()) tensor.dispose();
  }
}
