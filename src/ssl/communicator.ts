/** What training asks of a group of processes that share the work; a single process needs nothing. */
import type { Tensor } from '../tensor/index.ts';

/**
 * Sums and copies over all processes of a group, in place. Every process makes the same calls in the same order with
 * tensors of the same shapes. Calls return when the result is there.
 */
export interface Communicator {
  /** This process's number, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** Each tensor becomes the sum over all processes. */
  allReduceSum(tensors: readonly Tensor[]): void;
  /** Each tensor becomes the element-wise maximum over all processes. */
  allReduceMax(tensors: readonly Tensor[]): void;
  /** Each tensor becomes that of process `root`. */
  broadcast(tensors: readonly Tensor[], root: number): void;
  /** Returns when all processes have come here. */
  barrier(): void;
}

/** The part that Sinkhorn-Knopp and centres need. */
export type Reducer = Pick<Communicator, 'size' | 'allReduceSum' | 'allReduceMax'>;

/** One process alone: every sum is its own. */
export const singleProcess: Communicator = {
  rank: 0,
  size: 1,
  allReduceSum: () => {},
  allReduceMax: () => {},
  broadcast: () => {},
  barrier: () => {},
};
