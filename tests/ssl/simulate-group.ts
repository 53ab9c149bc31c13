/** A group of processes inside one, for code that only sums. */
import type { Communicator } from '../../src/ssl/index.ts';
import { copyInto, noGrad, scope, type Tensor, tensor, toFloat32Array } from '../../src/tensor/index.ts';

class WaitsForOthers extends Error {}

type Combine = (a: number, b: number) => number;

/** What one process hands over at one call. */
interface Offer {
  readonly combine: Combine;
  readonly values: readonly Float32Array[];
}

function together(offers: readonly Offer[]): Float32Array[] {
  const { combine, values } = offers[0]!;
  return values.map((first, t) =>
    first.map((_, i) => offers.map(({ values: v }) => v[t]![i]!).reduce(combine)),
  );
}

/**
 * Runs `work` once per input as if they were processes of one group. Work must be repeatable: it is run again from
 * the start for each of its calls to the group, with the results of all earlier calls known.
 */
export function simulateGroup<I, R>(inputs: readonly I[], work: (input: I, group: Communicator) => R): R[] {
  const known: Float32Array[][] = [];
  for (;;) {
    const offers: Offer[] = [];
    const results: R[] = [];
    for (const [rank, input] of inputs.entries()) {
      let call = 0;
      const reduce = (tensors: readonly Tensor[], combine: Combine): void => {
        const result = known[call++];
        if (result === undefined) {
          offers.push({ combine, values: tensors.map((t) => toFloat32Array(t)) });
          throw new WaitsForOthers();
        }
        noGrad(() =>
          scope(() => {
            for (const [i, t] of tensors.entries()) copyInto(t, tensor(result[i]!, t.shape));
          }),
        );
      };
      const group: Communicator = {
        rank,
        size: inputs.length,
        allReduceSum: (tensors) => reduce(tensors, (a, b) => a + b),
        allReduceMax: (tensors) => reduce(tensors, (a, b) => Math.max(a, b)),
        broadcast: () => {},
        barrier: () => {},
      };
      try {
        results.push(work(input, group));
      } catch (error) {
        if (!(error instanceof WaitsForOthers)) throw error;
      }
    }
    if (offers.length === 0) return results;
    if (offers.length !== inputs.length) throw new Error('the processes made different calls');
    known.push(together(offers));
  }
}
