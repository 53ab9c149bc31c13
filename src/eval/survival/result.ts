/** What a survival evaluation hands back; plain JSON. */
import type { BootstrapInterval } from '../numeric/index.ts';
import type { CardValue, FoldSummary, ProtocolCard } from '../results/index.ts';
import type { KaplanMeier } from './kaplan-meier.ts';
import type { LogRank } from './log-rank.ts';

export interface SurvivalFold {
  readonly name: string;
  readonly train: { readonly patients: number; readonly events: number };
  readonly test: { readonly patients: number; readonly events: number };
  /** Harrell's C of the test patients; null without a comparable pair. */
  readonly cIndex: number | null;
  /** Pairs it rests on. */
  readonly comparablePairs: number;
  /** Median risk of the TRAINING patients: above it a test patient counts as high risk. */
  readonly trainMedianRisk: number;
  readonly choices: Readonly<Record<string, CardValue>>;
  readonly notes: readonly string[];
}

/** A test patient with the risk of a model that has not seen it. */
export interface PatientRisk {
  readonly patient: string;
  readonly fold: string;
  readonly time: number;
  readonly event: boolean;
  /** Log hazard ratio; comparable within a fold, not between folds. */
  readonly risk: number;
  readonly group: 'high' | 'low';
}

export interface SurvivalResult {
  readonly card: ProtocolCard;
  readonly folds: readonly SurvivalFold[];
  readonly cIndex: FoldSummary;
  /** Bootstrap of the mean over folds: patients drawn again, risks kept. */
  readonly cIndexInterval: BootstrapInterval;
  /** Out-of-fold risks of all patients. */
  readonly risks: readonly PatientRisk[];
  /** Pooled curves of the two groups; null for a group without patients. */
  readonly curves: { readonly high: KaplanMeier | null; readonly low: KaplanMeier | null };
  /** High against low risk, pooled; null when a group is empty. */
  readonly logRank: LogRank | null;
}
