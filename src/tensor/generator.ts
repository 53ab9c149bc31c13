/** Seeded random number generators of libtorch. */
import type { Device } from './device.ts';
import { adopt } from './invoke.ts';
import { native } from './native.ts';
import type { Tensor } from './tensor.ts';

/** One stream of random numbers; the same seed gives the same numbers. */
export class Generator {
  readonly handle: number;

  constructor(seed: number, device: Device = 'cpu') {
    this.handle = native().makeGenerator(seed, device);
  }

  /** Byte tensor from which {@link state} can be set again. */
  get state(): Tensor {
    return adopt(native().generatorState(this.handle));
  }

  set state(state: Tensor) {
    native().setGeneratorState(this.handle, state.handle);
  }

  dispose(): void {
    native().dropGenerator(this.handle);
  }
}
