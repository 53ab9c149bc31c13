/** The scan beside its exponentials, at sizes of a test. */
import { expect, it } from 'vitest';
import { formatScanGrowth, measureScanGrowth } from '../../src/bench/scan-growth.ts';
import { exponentials, tensorCount } from '../../src/tensor/index.ts';

it('sums exponentials of small negative numbers', () => {
  // The first row of every lane: 2^-0.01 + ... + 2^-0.16, 16 to 64 floats of each.
  const row = Array.from({ length: 16 }, (_, n) => 2 ** (-0.01 * (n + 1))).reduce((sum, v) => sum + v, 0);
  const sums = [4, 8, 16].map((lanes) => lanes * row);
  const found = [4, 8, 16].map((lanes) => exponentials(16 * lanes));
  // One of them is this machine's vector width; shorter counts make no whole row.
  expect(sums.some((sum, i) => Math.abs(found[i]! / sum - 1) < 1e-5)).toBe(true);
});

it('measures every length and fits the growth', () => {
  const start = tensorCount();
  const growth = measureScanGrowth({
    sizes: [
      { batch: 2, length: 64 },
      { batch: 1, length: 128 },
    ],
    // The median of several: one preempted run must not decide.
    runs: 7,
    threads: 1,
  });
  expect(growth.times.map(({ length }) => length)).toEqual([64, 128]);
  expect(growth.floor).toBeGreaterThan(0);
  // It reads and writes memory besides, and is not made for this processor alone.
  expect(growth.libraryExponential).toBeGreaterThan(growth.floor);
  for (const { forward, forwardBackward } of growth.times) expect(forwardBackward).toBeGreaterThan(forward);
  const text = formatScanGrowth(growth);
  expect(text).toContain(`${(growth.times[0]!.forward / growth.floor).toFixed(2)} times the floor`);
  expect(text).toContain(`length^${growth.exponent.toFixed(3)}`);
  expect(tensorCount()).toBe(start);
});
