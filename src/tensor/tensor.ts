/** A multi-dimensional array in native memory. Operations on it are functions: `add(a, b)`, `matmul(a, b)`. */
import type { Device } from './device.ts';
import { type Dtype, dtypeNamed } from './dtype.ts';
import { attempt } from './engine-error.ts';
import { native } from './native.ts';

// The safety net for a tensor that escaped every scope and was forgotten; scopes are the rule.
const forgotten = new FinalizationRegistry<number>((handle) => native().dispose(handle));

/** Wraps one native tensor; made by operations, never by `new` outside this folder. */
export class Tensor {
  #handle: number;
  #shape: readonly number[] | undefined;
  #dtype: Dtype | undefined;

  constructor(handle: number) {
    this.#handle = handle;
    forgotten.register(this, handle, this);
  }

  /** Number by which the addon knows this tensor. */
  get handle(): number {
    return this.#handle;
  }

  /** Sizes of all axes. */
  get shape(): readonly number[] {
    this.#shape ??= attempt('shape', () => native().shape(this.#handle));
    return this.#shape;
  }

  get dtype(): Dtype {
    this.#dtype ??= dtypeNamed(attempt('dtype', () => native().dtype(this.#handle)));
    return this.#dtype;
  }

  get device(): Device {
    return attempt('device', () => native().device(this.#handle)) as Device;
  }

  /** Size of one axis; negative counts from the end. */
  size(axis: number): number {
    const size = this.shape.at(axis);
    if (size === undefined)
      throw new RangeError(`axis ${axis} of a tensor of shape [${this.shape.join(', ')}]`);
    return size;
  }

  /** Product of all sizes. */
  get elementCount(): number {
    return this.shape.reduce((product, n) => product * n, 1);
  }

  get requiresGrad(): boolean {
    return attempt('requiresGrad', () => native().requiresGrad(this.#handle));
  }

  set requiresGrad(required: boolean) {
    attempt('requiresGrad', () => native().setRequiresGrad(this.#handle, required));
  }

  /** Moves the data to another device under the same object; a gradient is dropped. Meant for parameters. */
  moveTo(device: Device): void {
    attempt('moveTo', () => native().moveTo(this.#handle, device));
  }

  /** False after {@link dispose}. */
  get isAlive(): boolean {
    return this.#handle >= 0;
  }

  /** Frees the native memory now. Doing it twice is harmless; any other use afterwards is an error. */
  dispose(): void {
    if (this.#handle < 0) return;
    forgotten.unregister(this);
    native().dispose(this.#handle);
    this.#handle = -1;
    this.#shape = undefined;
    this.#dtype = undefined;
  }

  toString(): string {
    return this.isAlive ? `Tensor ${this.dtype}[${this.shape.join(', ')}]` : 'Tensor (disposed)';
  }
}
