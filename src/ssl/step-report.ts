import type { CollapseStatistics } from './collapse.ts';
import type { PartName } from './network.ts';
import type { LossName } from './student-losses.ts';
import type { StepValues } from './training-schedules.ts';

/** What one training step did; plain numbers. */
export interface StepReport {
  /** Number of the step, from 0. */
  readonly step: number;
  readonly values: StepValues;
  /**
   * The summands of the loss and their sum, averaged over micro-batches and processes. Logs of the published code
   * show `koleo` and `ibot` halved.
   */
  readonly losses: Readonly<Partial<Record<LossName, number>>> & { readonly total: number };
  /** Norm of each part's gradient before clipping. */
  readonly gradientNorms: Readonly<Partial<Record<PartName, number>>>;
  /** False when a loss or a gradient was not finite: then no weight, moment or centre has changed. */
  readonly applied: boolean;
  /** Which loss or gradient was not finite. */
  readonly problem?: string;
  /** Terms that are 0 for a reason. */
  readonly notes: readonly string[];
  /** When asked for. */
  readonly collapse?: CollapseStatistics;
}

/** Names the first number that is not finite. */
export function firstNotFinite(
  losses: StepReport['losses'],
  norms: StepReport['gradientNorms'],
): string | undefined {
  for (const [kind, numbers] of [
    ['loss', losses],
    ['gradient', norms],
  ] as const) {
    for (const [name, value] of Object.entries(numbers)) {
      if (!Number.isFinite(value)) return `the ${name} ${kind} is ${value}`;
    }
  }
  return undefined;
}
