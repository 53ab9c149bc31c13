/** Calls an operator by its place in the addon's table and wraps what comes back. Used by the generated functions. */
import { engineError } from './engine-error.ts';
import { native } from './native.ts';
import { own } from './scope.ts';
import { Tensor } from './tensor.ts';

/** An operator of libtorch; looked up in the addon once, at its first call. */
export interface Operator {
  readonly name: string;
  readonly overload: string;
  index: number;
}

/** Describes an operator, e.g. `aten::add` with overload `Tensor`. */
export function operator(name: string, overload: string): Operator {
  return { name, overload, index: -1 };
}

/** Runs an operator on already converted arguments. */
export function invoke(op: Operator, args: readonly unknown[]): unknown {
  const addon = native();
  try {
    if (op.index < 0) op.index = addon.resolve(op.name, op.overload);
    return addon.call(op.index, ...args);
  } catch (error) {
    throw engineError(op.name.replace(/^\w+::/, ''), error);
  }
}

export function adopt(result: unknown): Tensor {
  return own(new Tensor(result as number));
}

export function adoptAll(result: unknown): Tensor[] {
  return (result as number[]).map(adopt);
}

export function adoptTuple<T extends Tensor[]>(result: unknown): T {
  return adoptAll(result) as T;
}

/** An in-place operator hands its argument back under a new handle, which is not needed. */
export function release(result: unknown): void {
  native().dispose(result as number);
}

export function handles(tensors: readonly Tensor[]): number[] {
  return tensors.map((tensor) => tensor.handle);
}
