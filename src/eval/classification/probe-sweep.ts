/** Many linear probes, the best of which counts: learning rates and feature sets are chosen on validation. */
import type { Matrix } from '../../core/matrix.ts';
import { UsageError } from '../../errors.ts';
import { fitLinearProbe, type LinearProbe } from './linear-probe.ts';
import { DINOV2_PROBE, DINOV2_RATES, type LinearProbeOptions, scaledRate } from './linear-probe-options.ts';

/**
 * The same items under one way of reading the backbone, e.g. `last block, cls` or `last 4 blocks, cls + mean`.
 */
export interface FeatureSet {
  readonly name: string;
  readonly train: Matrix;
  readonly validation: Matrix;
}

export interface ProbeTrial {
  readonly features: string;
  readonly learningRate: number;
  readonly score: number;
  readonly bestStep: number;
}

export interface SweptProbe {
  /** Of the best trial. */
  readonly features: string;
  readonly learningRate: number;
  readonly probe: LinearProbe;
  readonly trials: readonly ProbeTrial[];
}

export interface SweepOptions {
  /** Tried on every feature set; default {@link DINOV2_RATES} scaled to the batch. */
  readonly rates?: readonly number[];
  /** Default {@link DINOV2_PROBE}. */
  readonly probe?: Omit<LinearProbeOptions, 'seed' | 'learningRate'>;
  readonly seed: number;
}

/**
 * Trains one probe per feature set and rate, all from the same seed, and keeps the one with the best validation
 * score; of equal scores the first, in the order of the feature sets and then of the rates.
 *
 * @param codes class indices of the training and validation items, the same for every feature set.
 * @source DINOv2's linear evaluation, arXiv:2304.07193.
 */
export function sweepLinearProbe(
  sets: readonly FeatureSet[],
  codes: { readonly train: Int32Array; readonly validation: Int32Array },
  classCount: number,
  { rates, probe = DINOV2_PROBE, seed }: SweepOptions,
): SweptProbe {
  const tried = rates ?? DINOV2_RATES.map((rate) => scaledRate(rate, probe.batchSize));
  if (sets.length === 0 || tried.length === 0) {
    throw new UsageError('probe sweep', {
      need: 'at least one feature set and one learning rate',
      found: `${sets.length} and ${tried.length}`,
    });
  }
  const trials: ProbeTrial[] = [];
  let best: Omit<SweptProbe, 'trials'> | undefined;
  for (const set of sets) {
    for (const learningRate of tried) {
      const fitted = fitLinearProbe(
        { features: set.train, codes: codes.train },
        { features: set.validation, codes: codes.validation },
        classCount,
        { ...probe, learningRate, seed },
      );
      const score = fitted.validationScore!;
      trials.push({ features: set.name, learningRate, score, bestStep: fitted.bestStep });
      if (best === undefined || score > best.probe.validationScore!) {
        best = { features: set.name, learningRate, probe: fitted };
      }
    }
  }
  return { ...best!, trials };
}
