/** Ours and a peer's on the same work, in turn. */
import { median } from '../timing.ts';
import type { Peer } from './peer.ts';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Comparison {
  readonly work: string;
  readonly peer: string;
  readonly rounds: number;
  /** Milliseconds. */
  readonly ours: Spread;
  readonly theirs: Spread;
  /** Median over rounds of ours / theirs within the round; below 1 ours is faster. */
  readonly ratio: number;
  readonly ratios: Spread;
}

function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export interface CompareOptions {
  readonly rounds: number;
  /** Called after each round, with the number done. */
  readonly onRound?: (done: number) => void;
}

/** Runs A B A B ..., after one run of each that is not counted. */
export async function compare(
  work: string,
  ours: () => void,
  peer: Peer,
  { rounds, onRound }: CompareOptions,
): Promise<Comparison> {
  const a: number[] = [];
  const b: number[] = [];
  ours();
  await peer.run();
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    ours();
    a.push(performance.now() - start);
    b.push(await peer.run());
    onRound?.(round + 1);
  }
  const ratios = spreadOf(a.map((ms, i) => ms / b[i]!));
  return {
    work,
    peer: peer.name,
    rounds,
    ours: spreadOf(a),
    theirs: spreadOf(b),
    ratio: ratios.median,
    ratios,
  };
}
