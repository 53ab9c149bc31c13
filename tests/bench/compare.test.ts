/** The side-by-side runner on work of known length. */
import { expect, it } from 'vitest';
import { compare } from '../../src/bench/peers/compare.ts';

/** Keeps the processor busy. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('runs both in turn, leaves out the first round, and compares within rounds', async () => {
  const order: string[] = [];
  const theirs = [1000, 4, 8, 40];
  const rounds: number[] = [];
  const result = await compare(
    'work',
    () => {
      order.push('a');
      busy(4);
    },
    {
      name: 'peer 1.0',
      run: async () => {
        order.push('b');
        return theirs.shift()!;
      },
      close: async () => {},
    },
    { rounds: 3, onRound: (done) => rounds.push(done) },
  );
  expect(order.join('')).toBe('abababab');
  expect(rounds).toEqual([1, 2, 3]);
  expect(result).toMatchObject({ work: 'work', peer: 'peer 1.0', rounds: 3 });
  expect(result.theirs).toEqual({ median: 8, min: 4, max: 40 });
  expect(result.ours.min).toBeGreaterThanOrEqual(4);
  expect(result.ratio).toBe(result.ratios.median);
  expect(result.ratios.min).toBeLessThan(result.ratio);
  expect(result.ratio).toBeGreaterThanOrEqual(0.5);
});
