/** Seeded random number generators of libtorch. */
import type { Device } from './device.ts';
import { attempt } from './engine-error.ts';
import { adopt } from './invoke.ts';
import { native } from './native.ts';
import type { Tensor } from './tensor.ts';

/** One stream of random numbers; the same seed gives the same numbers. */
export class Generator {
  #handle: number;

  /** @param seed a whole number. */
  constructor(seed: number, device: Device = 'cpu') {
    this.#handle = attempt('Generator', () => native().makeGenerator(seed, device));
  }

  /** Number by which the addon knows this generator. */
  get handle(): number {
    return attempt('Generator', () => {
      if (this.#handle < 0) throw new Error('a generator that was disposed');
      return this.#handle;
    });
  }

  /** Byte tensor from which {@link state} can be set again. */
  get state(): Tensor {
    return attempt('Generator', () => adopt(native().generatorState(this.handle)));
  }

  set state(state: Tensor) {
    attempt('Generator', () => native().setGeneratorState(this.handle, state.handle));
  }

  /** Frees it. Doing it twice is harmless; any other use afterwards is an error. */
  dispose(): void {
    if (this.#handle < 0) return;
    native().dropGenerator(this.#handle);
    this.#handle = -1;
  }
}
