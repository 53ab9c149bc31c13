/** Damages bytes the way disks, networks and editors do. */
import type { Rng } from '../../src/core/rng.ts';

/**
 * A damaged copy: flipped bits, other bytes, a cut, a run of zeros or ones, a piece copied elsewhere, or digits
 * replaced. `spans` are the places that damage prefers (headers); it falls anywhere in three of ten copies.
 */
export function damaged(bytes: Buffer, rng: Rng, spans: readonly [number, number][] = []): Buffer {
  const [low, high] =
    spans.length > 0 && rng.uniform() < 0.7
      ? spans[rng.integer(0, spans.length - 1)]!
      : ([0, bytes.length] as const);
  const place = () => rng.integer(low, Math.max(low, Math.min(high, bytes.length) - 1));
  const copy = Buffer.from(bytes);
  const times = rng.integer(1, 16);
  switch (rng.integer(0, 5)) {
    case 0:
      for (let i = 0; i < times; i++) copy[place()]! ^= 1 << rng.integer(0, 7);
      return copy;
    case 1:
      for (let i = 0; i < times; i++) copy[place()] = rng.integer(0, 255);
      return copy;
    case 2:
      return copy.subarray(0, rng.integer(0, bytes.length - 1));
    case 3: {
      const from = place();
      const to = Math.min(copy.length, from + rng.integer(1, 512));
      return copy.fill(rng.uniform() < 0.5 ? 0 : 255, from, to);
    }
    case 4: {
      const from = place();
      bytes.copy(copy, place(), from, Math.min(bytes.length, from + rng.integer(1, 1024)));
      return copy;
    }
    default:
      for (let i = 0; i < times; i++) copy[place()] = '0123456789-.,\t\n" '.charCodeAt(rng.integer(0, 16));
      return copy;
  }
}
