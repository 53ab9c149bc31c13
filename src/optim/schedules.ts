/** Values that change with training: pure functions from the step number. */
import { UsageError } from '../errors.ts';

/** Value at a step; steps count from 0. */
export type Schedule = (step: number) => number;

export interface CosineOptions {
  /** Value at the end of the warm-up. */
  readonly base: number;
  /** Value approached at the end and held beyond it. */
  readonly final: number;
  readonly totalSteps: number;
  /** Steps of the linear rise from `startValue` to `base`, both included. */
  readonly warmupSteps?: number;
  readonly startValue?: number;
}

function checkSteps({ totalSteps, warmupSteps = 0 }: CosineOptions): void {
  const whole = Number.isInteger(totalSteps) && Number.isInteger(warmupSteps);
  if (!whole || warmupSteps < 0 || totalSteps < warmupSteps) {
    throw new UsageError('schedule', {
      need: 'whole numbers of steps with 0 <= warmupSteps <= totalSteps',
      found: `warmupSteps ${warmupSteps}, totalSteps ${totalSteps}`,
      next: 'lengthen the run or shorten the warm-up',
    });
  }
}

/**
 * Linear warm-up, then half a cosine, then constant. With T total and w warm-up steps:
 *
 *   step < w:      start + (base - start) * step / (w - 1)
 *   w <= step < T: final + (base - final) / 2 * (1 + cos(pi * (step - w) / (T - w)))
 *   step >= T:     final
 *
 * So the base value is reached at w - 1 and again at w, and `final` only at T. A warm-up of one step is `start`.
 *
 * @throws UsageError for step counts that do not fit, or a step that is no whole number from 0 on.
 * @source DINOv2, arXiv:2304.07193 (published schedule, both end points of the warm-up included).
 */
export function cosineSchedule(options: CosineOptions): Schedule {
  checkSteps(options);
  const { base, final, totalSteps, warmupSteps = 0, startValue = 0 } = options;
  return (step) => {
    if (!Number.isInteger(step) || step < 0) {
      throw new UsageError('schedule', { need: 'a step number from 0 on', found: `${step}` });
    }
    if (step >= totalSteps) return final;
    if (step < warmupSteps) {
      if (warmupSteps === 1) return startValue;
      return step === warmupSteps - 1 ? base : startValue + ((base - startValue) * step) / (warmupSteps - 1);
    }
    const progress = (step - warmupSteps) / (totalSteps - warmupSteps);
    return final + ((base - final) / 2) * (1 + Math.cos(Math.PI * progress));
  };
}

/** Linear from `start` to `end` over `steps` steps, both included, then constant. */
export function linearSchedule(start: number, end: number, steps: number): Schedule {
  return cosineSchedule({
    base: end,
    final: end,
    totalSteps: steps,
    warmupSteps: steps,
    startValue: start,
  });
}

/** Zero for the first `steps` steps, then `schedule`. */
export function frozenFor(schedule: Schedule, steps: number): Schedule {
  return (step) => (step < steps ? 0 : schedule(step));
}

/**
 * Learning rate for a batch of `images`, given the rate for 1024: rate * sqrt(images / 1024).
 *
 * @source DINOv2, arXiv:2304.07193 ("sqrt_wrt_1024").
 */
export function learningRateForBatch(rate: number, images: number): number {
  return rate * Math.sqrt(images / 1024);
}
