/** Fold-wise risks and what follows from them, whatever made the slide vectors. */
import type { Matrix } from '../../core/matrix.ts';
import { DataError, UsageError } from '../../errors.ts';
import { type BootstrapInterval, bootstrapInterval } from '../numeric/index.ts';
import { type CardValue, definedOrNull, summariseDefined } from '../results/index.ts';
import type { Fold } from '../splits.ts';
import { harrellC } from './concordance.ts';
import { kaplanMeier } from './kaplan-meier.ts';
import { logRank } from './log-rank.ts';
import type { PatientRisk, SurvivalFold, SurvivalResult } from './result.ts';
import { fitRiskModel, predictRisks, type RiskModelOptions } from './risk-model.ts';
import { checkSurvival, eventCount, type SurvivalTimes, selectSurvival } from './survival-times.ts';

/** Vectors of a fold's patients, in the order of its index lists. */
export interface FoldVectors {
  readonly train: Matrix;
  readonly test: Matrix;
  readonly choices?: Readonly<Record<string, CardValue>>;
  readonly notes?: readonly string[];
}

export interface CohortTimes {
  readonly patients: readonly string[];
  readonly survival: SurvivalTimes;
}

export interface BootstrapSettings {
  readonly resamples: number;
  readonly seed: number;
}

/**
 * Refuses folds whose pooled risks would not be out of fold: a patient on both sides, or in two test parts.
 *
 * @throws UsageError; DataError for unusable times.
 */
export function checkCohort({ patients, survival }: CohortTimes, folds: readonly Fold[]): void {
  checkSurvival('survival evaluation', survival, patients.length);
  if (folds.length === 0)
    throw new UsageError('survival evaluation', { need: 'at least one fold', found: 'none' });
  if (new Set(patients).size !== patients.length) {
    throw new UsageError('survival evaluation', {
      need: 'one entry per patient',
      found: 'a patient named twice',
      next: "join a patient's slides first",
    });
  }
  if (new Set(folds.map((fold) => fold.name)).size !== folds.length) {
    throw new UsageError('survival evaluation', {
      need: 'folds of different names',
      found: 'a name used twice',
    });
  }
  const tested = new Map<number, string>();
  for (const { name, train, test } of folds) {
    const trained = new Set(train);
    for (const i of [...train, ...test]) {
      if (Number.isInteger(i) && i >= 0 && i < patients.length) continue;
      throw new UsageError('survival evaluation', {
        need: `indices below ${patients.length}`,
        found: `${i}`,
      });
    }
    for (const i of test) {
      const other = tested.get(i);
      if (!trained.has(i) && other === undefined) {
        tested.set(i, name);
        continue;
      }
      throw new UsageError('survival evaluation', {
        need: `patient ${patients[i]} in one test part and not in its training`,
        found: other === undefined ? `it on both sides of ${name}` : `it tested in ${other} and ${name}`,
      });
    }
  }
}

function median(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Fits one fold and predicts its test patients. */
export function runFold(
  { patients, survival }: CohortTimes,
  fold: Fold,
  vectors: FoldVectors,
  model: RiskModelOptions,
): { fold: SurvivalFold; risks: PatientRisk[] } {
  const [train, test] = [selectSurvival(survival, fold.train), selectSurvival(survival, fold.test)];
  if (eventCount(train) === 0) {
    throw new DataError('survival evaluation', {
      need: `events among the training patients of ${fold.name}`,
      found: `none of ${fold.train.length}`,
      next: 'stratify the folds by event',
    });
  }
  const fitted = fitRiskModel(vectors.train, train, model);
  const threshold = median(predictRisks(fitted, vectors.train));
  const predicted = predictRisks(fitted, vectors.test);
  const { index, concordant, discordant, tiedRisk } = harrellC(test, predicted);
  const notes = [...(vectors.notes ?? [])];
  if (fitted.components < model.components) {
    notes.push(`${model.components} components asked for, the training vectors span ${fitted.components}`);
  }
  if (!fitted.cox.converged) notes.push('the Cox regression had not converged');
  if (Number.isNaN(index)) notes.push('no comparable pair among the test patients: no C index');
  const risks = fold.test.map(
    (i, r): PatientRisk => ({
      patient: patients[i]!,
      fold: fold.name,
      time: survival.times[i]!,
      event: survival.events[i]!,
      risk: predicted[r]!,
      group: predicted[r]! > threshold ? 'high' : 'low',
    }),
  );
  return {
    fold: {
      name: fold.name,
      train: { patients: fold.train.length, events: eventCount(train) },
      test: { patients: fold.test.length, events: eventCount(test) },
      cIndex: definedOrNull(index),
      comparablePairs: concordant + discordant + tiedRisk,
      trainMedianRisk: threshold,
      choices: { components: fitted.components, ...(vectors.choices ?? {}) },
      notes,
    },
    risks,
  };
}

const timesOf = (risks: readonly PatientRisk[]): SurvivalTimes => ({
  times: risks.map((r) => r.time),
  events: risks.map((r) => r.event),
});

/** Mean over folds of C among the given patients; folds without a comparable pair are left out. */
export function meanFoldC(risks: readonly PatientRisk[]): number {
  const byFold = new Map<string, PatientRisk[]>();
  for (const risk of risks) {
    const own = byFold.get(risk.fold);
    if (own === undefined) byFold.set(risk.fold, [risk]);
    else own.push(risk);
  }
  const values = [...byFold.values()]
    .map(
      (own) =>
        harrellC(
          timesOf(own),
          own.map((r) => r.risk),
        ).index,
    )
    .filter((c) => !Number.isNaN(c));
  return values.reduce((sum, c) => sum + c, 0) / values.length;
}

function intervalOf(
  risks: readonly PatientRisk[],
  { resamples, seed }: BootstrapSettings,
): BootstrapInterval {
  const statistic = (at: readonly number[]) => meanFoldC(at.map((i) => risks[i]!));
  return bootstrapInterval(risks.length, statistic, { resamples, seed });
}

/** Curves, test and intervals from the folds' risks. */
export function summariseRisks(
  folds: readonly SurvivalFold[],
  risks: readonly PatientRisk[],
  bootstrap: BootstrapSettings,
): Omit<SurvivalResult, 'card'> {
  const [high, low] = (['high', 'low'] as const).map((group) => risks.filter((r) => r.group === group));
  const curve = (some: readonly PatientRisk[]) => (some.length === 0 ? null : kaplanMeier(timesOf(some)));
  const both = high!.length > 0 && low!.length > 0;
  return {
    folds,
    cIndex: summariseDefined(folds.map((fold) => fold.cIndex)),
    cIndexInterval: intervalOf(risks, bootstrap),
    risks,
    curves: { high: curve(high!), low: curve(low!) },
    logRank: both
      ? logRank(
          timesOf(risks),
          risks.map((r) => r.group === 'high'),
        )
      : null,
  };
}
