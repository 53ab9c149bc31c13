/** Loader against steps, at sizes of a test: figures that fit each other. */
import { expect, it } from 'vitest';
import { formatPretrainingSpeed, measurePretraining } from '../../src/bench/index.ts';
import { tensorCount, threadCount } from '../../src/tensor/index.ts';

it('measures the loader alone and the steps alone', async () => {
  const [tensors, threads] = [tensorCount(), threadCount()];
  const speed = await measurePretraining({
    steps: 2,
    threads: 1,
    loader: { batchSize: 4, batches: 2, warmUp: 1, workers: 1 },
  });
  expect([tensorCount(), threadCount()]).toEqual([tensors, threads]);
  expect(speed.batch).toBe(4);
  expect(speed.imagesPerSecond).toBeCloseTo(4 / speed.secondsPerStep, 9);
  expect(speed.loader.imagesPerSecond).toBeGreaterThan(0);
  expect(speed.outsideEngine).toBeGreaterThan(0);
  expect(speed.outsideEngine).toBeLessThan(0.9);
  const ratio = (speed.loader.imagesPerSecond / speed.imagesPerSecond).toFixed(1);
  expect(formatPretrainingSpeed(speed)).toContain(`loader / step: ${ratio} times`);
});
