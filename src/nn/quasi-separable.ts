/** Products with quasi-separable matrices, which mix tokens in both directions at a cost linear in their number. */
import {
  add,
  cat,
  cumsum,
  exp,
  full,
  matmul,
  mul,
  narrow,
  permute,
  reshape,
  select,
  sub,
  type Tensor,
  tensor,
  toDtype,
  transpose,
  unsqueeze,
  where,
  zeros,
} from '../tensor/index.ts';

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

interface Sizes {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly width: number;
  readonly groups: number;
  readonly states: number;
  readonly chunks: number;
  readonly chunk: number;
}

/** A chunk's tensors of one direction, heads last: [B, chunks, Q, H]; the sums in float64. */
interface Decays {
  readonly steps: Tensor;
  /** Sum of dt A up to and with each token of the chunk. */
  readonly upTo: Tensor;
  /** The same without the token itself. */
  readonly before: Tensor;
  /** Over the whole chunk: [B, chunks, 1, H]. */
  readonly total: Tensor;
}

/** Equal chunks, as few as `longest` allows; only the last one is filled up. */
export function chunksOf(
  length: number,
  longest: number,
): { readonly chunks: number; readonly chunk: number } {
  const chunks = Math.ceil(length / longest);
  return { chunks, chunk: Math.ceil(length / chunks) };
}

function sizesOf({ values, keys }: QuasiSeparable, longestChunk: number): Sizes {
  const [batch, length, heads, width] = values.shape as [number, number, number, number];
  const [groups, states] = [keys.size(3), keys.size(4)];
  return { batch, length, heads, width, groups, states, ...chunksOf(length, longestChunk) };
}

/** Moves tokens by one, towards the end (`+1`) or the start (`-1`); a zero comes in. t [B, L, ...] */
function shift(t: Tensor, by: 1 | -1): Tensor {
  const kept = t.size(1) - 1;
  const empty = zeros([t.size(0), 1, ...t.shape.slice(2)], { dtype: t.dtype, device: t.device });
  return by === 1
    ? cat([empty, narrow(t, 1, 0, kept)], { dim: 1 })
    : cat([narrow(t, 1, 1, kept), empty], { dim: 1 });
}

/** [B, L, ...] -> [B, chunks, Q, ...], zeros after the last token. */
function chunked(t: Tensor, { batch, length, chunks, chunk }: Sizes): Tensor {
  const rest = t.shape.slice(2);
  const missing = chunks * chunk - length;
  const empty = (): Tensor => zeros([batch, missing, ...rest], { dtype: t.dtype, device: t.device });
  const whole = missing === 0 ? t : cat([t, empty()], { dim: 1 });
  return reshape(whole, [batch, chunks, chunk, ...rest]);
}

function decaysOf(steps: Tensor, rate: Tensor): Decays {
  // Differences of these sums become exponents: in float32 a long step far away would blur a short one nearby.
  const each = toDtype(mul(steps, rate), 'float64');
  const upTo = cumsum(each, 2);
  return { steps, upTo, before: sub(upTo, each), total: narrow(upTo, 2, steps.size(2) - 1, 1) };
}

/** What remains after a sum of dt A. */
function decay(sum: Tensor): Tensor {
  return exp(toDtype(sum, 'float32'));
}

/** [B, chunks, Q, H] -> [B, chunks, H, Q, 1] */
function asRows(t: Tensor): Tensor {
  return unsqueeze(permute(t, [0, 1, 3, 2]), 4);
}

/** [B, chunks, Q, H] -> [B, chunks, H, 1, Q] */
function asColumns(t: Tensor): Tensor {
  return unsqueeze(permute(t, [0, 1, 3, 2]), 3);
}

/** bool [Q, Q] by row and column. */
function triangle(size: number, holds: (i: number, j: number) => boolean, like: Tensor): Tensor {
  const cells = Uint8Array.from({ length: size * size }, (_, k) =>
    Number(holds(Math.floor(k / size), k % size)),
  );
  return toDtype(tensor(cells, [size, size], { device: like.device }), 'bool');
}

/** The matrix within each chunk: [B, chunks, H, Q, Q], diagonal zero. */
function blocksOf(
  scores: readonly [Tensor, Tensor],
  decays: readonly [Decays, Decays],
  sizes: Sizes,
): Tensor {
  const { batch, chunks, chunk, groups, heads } = sizes;
  const [ahead, back] = decays;
  const below = triangle(chunk, (i, j) => i > j, scores[0]);
  const above = triangle(chunk, (i, j) => i < j, scores[0]);
  const never = full([], -Infinity, { dtype: 'float64', device: scores[0].device });
  const sums = where(
    below,
    sub(asRows(ahead.before), asColumns(ahead.upTo)),
    where(above, sub(asColumns(back.before), asRows(back.upTo)), never),
  );
  const steps = where(below, asColumns(ahead.steps), asColumns(back.steps));
  const perHead = reshape(mul(decay(sums), steps), [batch, chunks, groups, heads / groups, chunk, chunk]);
  const perGroup = unsqueeze(where(below, scores[0], scores[1]), 3);
  return reshape(mul(perHead, perGroup), [batch, chunks, heads, chunk, chunk]);
}

/** [B, chunks, Q, H, p] times a factor per head, grouped: [B, chunks, g, Q, H / g * p] */
function grouped(
  values: Tensor,
  factor: Tensor,
  { batch, chunks, chunk, groups, heads, width }: Sizes,
): Tensor {
  const scaled = reshape(mul(values, unsqueeze(factor, 4)), [
    batch,
    chunks,
    chunk,
    groups,
    (heads / groups) * width,
  ]);
  return permute(scaled, [0, 1, 3, 2, 4]);
}

/** What each chunk receives from the chunks before it: the state of the recurrence. [B, chunks, g, n, H / g * p] */
function statesBefore(added: Tensor, total: Tensor, sizes: Sizes, order: 1 | -1): Tensor {
  const { batch, chunks, groups, states, heads, width } = sizes;
  const perHead = reshape(added, [batch, chunks, groups, states, heads / groups, width]);
  const kept = reshape(decay(total), [batch, chunks, groups, 1, heads / groups, 1]);
  const received: Tensor[] = [];
  let state: Tensor = zeros([batch, groups, states, heads / groups, width], {
    dtype: added.dtype,
    device: added.device,
  });
  for (let k = 0; k < chunks; k++) {
    received.push(state);
    const c = order === 1 ? k : chunks - 1 - k;
    if (k + 1 < chunks) state = add(mul(state, select(kept, 1, c)), select(perHead, 1, c));
  }
  if (order === -1) received.reverse();
  return reshape(
    cat(
      received.map((s) => unsqueeze(s, 1)),
      { dim: 1 },
    ),
    added.shape,
  );
}

/** Sums over the tokens of other chunks, one direction: [B, chunks, Q, H, p]. */
function fromOtherChunks(
  { values, keys, queries }: Pick<QuasiSeparable, 'values' | 'keys' | 'queries'>,
  { steps, upTo, before, total }: Decays,
  sizes: Sizes,
  order: 1 | -1,
): Tensor {
  const { batch, chunks, chunk, heads, width } = sizes;
  const toEnd = order === 1 ? sub(total, upTo) : before;
  const fromStart = order === 1 ? before : sub(total, upTo);
  const added = matmul(transpose(keys, 3, 4), grouped(values, mul(steps, decay(toEnd)), sizes));
  const read = matmul(queries, statesBefore(added, total, sizes, order)); // [B, chunks, g, Q, H / g * p]
  const perHead = reshape(permute(read, [0, 1, 3, 2, 4]), [batch, chunks, chunk, heads, width]);
  return mul(perHead, unsqueeze(decay(fromStart), 4));
}

/**
 * y = M x per head, where with a_k = dt_k A and the steps, keys B and queries C of each direction
 *
 *   M_ij = C_{i-1} . B_j dt_j exp(a_{j+1} + ... + a_{i-1})   for i > j, forward
 *   M_ij = C_{i+1} . B_j dt_j exp(a_{i+1} + ... + a_{j-1})   for i < j, backward
 *   M_ii = 0
 *
 * Evaluated in chunks: M itself within a chunk, one state per head between chunks.
 *
 * @param longestChunk most tokens per chunk.
 * @returns [B, L, H, p]
 * @source Hydra, arXiv:2407.09941; chunks as for Mamba-2, arXiv:2405.21060.
 */
export function quasiSeparableProduct(input: QuasiSeparable, longestChunk: number): Tensor {
  const sizes = sizesOf(input, longestChunk);
  const { batch, length, heads, width, chunks, chunk } = sizes;
  const values = chunked(input.values, sizes); // [B, chunks, Q, H, p]
  const parts = ([1, -1] as const).map((order, direction) => {
    const of = (t: Tensor): Tensor => chunked(select(t, 2, direction), sizes);
    const perGroup = (t: Tensor): Tensor => permute(t, [0, 1, 3, 2, 4]); // [B, chunks, g, Q, n]
    const queries = perGroup(chunked(shift(select(input.queries, 2, direction), order), sizes));
    return { order, keys: perGroup(of(input.keys)), queries, decays: decaysOf(of(input.steps), input.rate) };
  });
  const [ahead, back] = parts as [(typeof parts)[0], (typeof parts)[0]];
  const scores = parts.map(({ keys, queries }) => matmul(queries, transpose(keys, 3, 4)));
  const blocks = blocksOf(scores as [Tensor, Tensor], [ahead.decays, back.decays], sizes);
  const inside = matmul(blocks, permute(values, [0, 1, 3, 2, 4])); // [B, chunks, H, Q, p]
  let y = permute(inside, [0, 1, 3, 2, 4]);
  if (chunks > 1)
    for (const { order, keys, queries, decays } of parts)
      y = add(y, fromOtherChunks({ values, keys, queries }, decays, sizes, order));
  return narrow(reshape(y, [batch, chunks * chunk, heads, width]), 1, 0, length);
}
