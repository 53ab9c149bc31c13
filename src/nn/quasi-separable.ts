/** Products with quasi-separable matrices, which mix tokens in both directions at a cost linear in their number. */
import { quasiSeparable, type Tensor } from '../tensor/index.ts';

/** What defines the matrix; index 0 of `direction` is forward, 1 backward. */
export interface QuasiSeparable {
  /** x, the numbers to mix: [B, L, H, p]. */
  readonly values: Tensor;
  /** dt > 0: [B, L, direction, H]. */
  readonly steps: Tensor;
  /** A < 0, one per head: [H]. */
  readonly rate: Tensor;
  /** B: [B, L, direction, g, n]; head h uses group floor(h / (H / g)). */
  readonly keys: Tensor;
  /** C, same shape as the keys. */
  readonly queries: Tensor;
}

/** Equal chunks, as few as `longest` allows; only the last one may hold fewer tokens. */
export function chunksOf(
  length: number,
  longest: number,
): { readonly chunks: number; readonly chunk: number } {
  const chunks = Math.ceil(length / longest);
  return { chunks, chunk: Math.ceil(length / chunks) };
}

/**
 * y = M x per head, where with a_k = dt_k A and the steps, keys B and queries C of each direction
 *
 *   M_ij = C_{i-1} . B_j dt_j exp(a_{j+1} + ... + a_{i-1})   for i > j, forward
 *   M_ij = C_{i+1} . B_j dt_j exp(a_{i+1} + ... + a_{j-1})   for i < j, backward
 *   M_ii = 0
 *
 * Evaluated in chunks: M itself within a chunk, one state per head between chunks. The result does not depend on
 * their length, the cost does: per token and head 2 p * chunk operations within and 8 n p between chunks.
 *
 * @param longestChunk most tokens per chunk.
 * @returns [B, L, H, p]
 * @source Hydra, arXiv:2407.09941; chunks as for Mamba-2, arXiv:2405.21060.
 */
export function quasiSeparableProduct(input: QuasiSeparable, longestChunk: number): Tensor {
  const { values, steps, rate, keys, queries } = input;
  return quasiSeparable(values, steps, rate, keys, queries, longestChunk);
}
