/** How a linear probe is trained: the settings of the published evaluations. */
import { UsageError } from '../../errors.ts';
import type { RateSchedule } from './first-order.ts';

export interface LinearProbeOptions {
  readonly optimizer: 'adamw' | 'sgd';
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly schedule: RateSchedule;
  readonly batchSize: number;
  readonly steps: number;
  /** Initial weights: uniform in +-1/sqrt(d), or normal with deviation 0.01. */
  readonly init: 'uniform' | 'normal';
  /** Steps between looks at the validation rows. */
  readonly evaluateEvery: number;
  /** Ends after so many looks without a better score; `null`: never early. */
  readonly patience: number | null;
  /** Score to maximise on validation. */
  readonly metric: 'accuracy' | 'balancedAccuracy';
  readonly seed: number;
}

/** eva: AdamW at 3e-4, batches of 256, 12,500 steps; five runs with seeds of their own are averaged. */
export const EVA_PROBE: Omit<LinearProbeOptions, 'seed'> = {
  optimizer: 'adamw',
  learningRate: 3e-4,
  weightDecay: 0.01,
  schedule: 'constant',
  batchSize: 256,
  steps: 12500,
  init: 'uniform',
  evaluateEvery: 250,
  patience: 10,
  metric: 'balancedAccuracy',
};

/** DINOv2: SGD with momentum 0.9, no decay, cosine over 10 x 1250 steps of 128; see {@link DINOV2_RATES}. */
export const DINOV2_PROBE: Omit<LinearProbeOptions, 'seed' | 'learningRate'> = {
  optimizer: 'sgd',
  weightDecay: 0,
  schedule: 'cosine',
  batchSize: 128,
  steps: 12500,
  init: 'normal',
  evaluateEvery: 1250,
  patience: null,
  metric: 'accuracy',
};

/** DINOv2's 13 learning rates, for a batch of 256; {@link scaledRate} adapts them. */
export const DINOV2_RATES: readonly number[] = [
  1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1,
];

/** Rate scaled linearly to the batch: rate * batchSize / 256. */
export function scaledRate(rate: number, batchSize: number): number {
  return (rate * batchSize) / 256;
}

/** @throws UsageError for numbers that cannot be used. */
export function checkProbeOptions(o: LinearProbeOptions): void {
  const whole = [o.batchSize, o.steps, o.evaluateEvery, o.patience ?? 1];
  if (whole.every((n) => Number.isInteger(n) && n >= 1) && o.learningRate > 0 && o.weightDecay >= 0) return;
  throw new UsageError('linear probe', {
    need: 'whole numbers of at least 1 for batchSize, steps, evaluateEvery, patience; rate > 0; decay >= 0',
    found: `${whole.join(', ')}; ${o.learningRate}; ${o.weightDecay}`,
  });
}
