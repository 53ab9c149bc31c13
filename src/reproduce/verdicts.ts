/** From paired differences to a verdict; the rule is the same for every claim and is printed with it. */
import { type Interval, percentileInterval } from '../eval/index.ts';
import type { Resampled } from './resamples.ts';

export type Verdict = 'reproduced' | 'not reproduced' | 'not testable';

/** One difference that a claim is about, signed so that the claim says: above 0. */
export interface Evidence {
  /** E.g. `LOSO PCC, MV_Hybrid - ViT_12`. */
  readonly label: string;
  readonly difference: number;
  readonly interval: Interval;
  /** Share of resamples above 0. */
  readonly favourable: number;
  /** Share of resamples without a value. */
  readonly undefinedShare: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** Fewest pretrained copies of each backbone for a verdict: with one, chance in pretraining cannot be told apart. */
export const MIN_SEEDS = 2;
/** Fewest held-out groups. */
export const MIN_GROUPS = 3;
/** Most resamples without a value. */
export const MAX_UNDEFINED = 0.05;

export const RULE = `Reproduced: the 95 % interval of every difference that the claim names lies above 0 in the claimed direction (seeds, folds and blocks of tissue drawn again, the same draws for both sides). Not reproduced: one of them does not, whether it holds 0 or lies below. Not testable: a backbone is missing, fewer than ${MIN_SEEDS} seeds, fewer than ${MIN_GROUPS} held-out groups, or more than ${100 * MAX_UNDEFINED} % of the resamples without a value. Claims are judged one by one, without correction for their number.`;

/** @param sign  -1 where smaller is better. */
export function evidence(label: string, { value, resamples }: Resampled, sign: 1 | -1 = 1): Evidence {
  const signed = Array.from(resamples, (v) => sign * v);
  const defined = signed.filter((v) => !Number.isNaN(v));
  return {
    label,
    difference: sign * value,
    interval: percentileInterval(signed),
    favourable: defined.filter((v) => v > 0).length / defined.length,
    undefinedShare: 1 - defined.length / signed.length,
  };
}

/** What the data allow. */
export interface Testable {
  readonly seeds: number;
  readonly groups: number;
  /** Backbones of the claim that the run has not. */
  readonly missing: readonly string[];
}

function obstacle(all: readonly Evidence[], { seeds, groups, missing }: Testable): string | undefined {
  if (missing.length > 0) return `the run has no ${missing.join(', no ')}`;
  if (all.length === 0) return 'nothing to compare';
  if (seeds < MIN_SEEDS) return `${seeds} seed, ${MIN_SEEDS} are needed`;
  if (groups < MIN_GROUPS) return `${groups} held-out groups, ${MIN_GROUPS} are needed`;
  const gaps = all.find(
    ({ undefinedShare, difference }) => undefinedShare > MAX_UNDEFINED || Number.isNaN(difference),
  );
  if (gaps === undefined) return undefined;
  return `${gaps.label} is not defined in ${(100 * gaps.undefinedShare).toFixed(0)} % of the resamples`;
}

const shown = ({ label, difference, interval: { low, high } }: Evidence) =>
  `${label} ${difference.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

/** Applies {@link RULE}. */
export function judge(all: readonly Evidence[], testable: Testable): Judgement {
  const why = obstacle(all, testable);
  if (why !== undefined) return { verdict: 'not testable', reason: why };
  const failing = all.filter(({ interval }) => !(interval.low > 0));
  if (failing.length === 0) {
    const least = all.reduce((a, b) => (b.interval.low < a.interval.low ? b : a));
    return { verdict: 'reproduced', reason: `least clear: ${shown(least)}` };
  }
  const opposite = failing.find(({ interval }) => interval.high < 0);
  if (opposite !== undefined)
    return { verdict: 'not reproduced', reason: `the opposite: ${shown(opposite)}` };
  const least = failing.reduce((a, b) => (b.difference < a.difference ? b : a));
  return { verdict: 'not reproduced', reason: `the interval holds 0: ${shown(least)}` };
}
