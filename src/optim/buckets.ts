import type { Tensor } from '../tensor/index.ts';

/** Elements per bucket on the CPU, so that the passes of one update find their data in the cache. */
const CPU_ELEMENTS = 1 << 18;
/** On a GPU, bounds the temporary memory. */
const GPU_ELEMENTS = 1 << 26;

/**
 * Cuts a list into runs whose tensors together stay below a size that suits the device; a larger one stands alone.
 * Many small tensors go into one call, and passes over large ones stay close together.
 */
export function* bucketsOf<T>(items: readonly T[], tensorOf: (item: T) => Tensor): Generator<readonly T[]> {
  let bucket: T[] = [];
  let elements = 0;
  for (const item of items) {
    const tensor = tensorOf(item);
    const limit = tensor.device === 'cpu' ? CPU_ELEMENTS : GPU_ELEMENTS;
    if (bucket.length > 0 && elements + tensor.elementCount > limit) {
      yield bucket;
      bucket = [];
      elements = 0;
    }
    bucket.push(item);
    elements += tensor.elementCount;
  }
  if (bucket.length > 0) yield bucket;
}
