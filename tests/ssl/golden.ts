/** Golden tensors of the training fixtures as engine tensors. */
import { type Tensor, tensor } from '../../src/tensor/index.ts';
import type { Golden, GoldenTensor } from '../support/fixtures.ts';

/** A float32 tensor; with `trained`, one that collects a gradient. */
export function floats(golden: Golden, name: string, { trained = false } = {}): Tensor {
  const { data, shape } = golden.get(name);
  const made = tensor(Float32Array.from(data), shape);
  made.requiresGrad = trained;
  return made;
}

/** Golden single number. */
export function number(golden: Golden, name: string): number {
  return golden.get(name).data[0]!;
}

/** Values for the weight loader. */
export function stored(group: ReadonlyMap<string, GoldenTensor>) {
  return new Map(
    [...group].map(([name, { data, shape }]) => [
      name,
      { dtype: 'F32' as const, shape, bytes: new Uint8Array(data.buffer) },
    ]),
  );
}
