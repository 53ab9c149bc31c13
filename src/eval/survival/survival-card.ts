/** The card of a survival evaluation. */
import type { CardValue, ProtocolCard } from '../results/index.ts';
import type { Fold } from '../splits.ts';
import type { BootstrapSettings, CohortTimes } from './cross-validate.ts';
import type { SurvivalResult } from './result.ts';
import type { RiskModelOptions } from './risk-model.ts';
import { eventCount } from './survival-times.ts';

export interface CardParts {
  readonly task: string;
  /** How the slide vectors came about. */
  readonly vectorSteps: readonly string[];
  readonly settings: Readonly<Record<string, CardValue>>;
  readonly seeds: Readonly<Record<string, number>>;
  readonly model: RiskModelOptions;
  readonly bootstrap: BootstrapSettings;
}

/** Remarks on folds, groups and resamples without a value. */
function remarks({ folds, curves, cIndexInterval }: Omit<SurvivalResult, 'card'>): string[] {
  const lines = folds.flatMap((fold) => fold.notes.map((note) => `${fold.name}: ${note}`));
  if (curves.high === null)
    lines.push('no patient is above its training median: no curve of high risk, no log-rank test');
  if (curves.low === null)
    lines.push('no patient is at or below its training median: no curve of low risk, no log-rank test');
  if (cIndexInterval.undefinedResamples > 0) {
    lines.push(`${cIndexInterval.undefinedResamples} resamples without a comparable pair were left out`);
  }
  return lines;
}

/** Protocol card from what was done and what came out. */
export function survivalCard(
  { survival, patients }: CohortTimes,
  folds: readonly Fold[],
  result: Omit<SurvivalResult, 'card'>,
  { task, vectorSteps, settings, seeds, model, bootstrap }: CardParts,
): ProtocolCard {
  const { components, l2, ties = 'efron', standardize = true } = model;
  return {
    task,
    steps: [
      ...vectorSteps,
      `${standardize ? 'columns scaled by the training patients, ' : ''}at most ${components} principal components, Cox regression with ridge penalty ${l2}`,
      "Harrell's C of the test patients of each fold; mean and deviation over folds, each weighing the same",
      'high risk: above the median risk of the fold’s TRAINING patients; Kaplan-Meier and log-rank on pooled out-of-fold groups',
    ],
    settings: {
      ...settings,
      components,
      l2,
      ties,
      standardize,
      bootstrap: `${bootstrap.resamples} resamples`,
    },
    counts: {
      patients: patients.length,
      events: eventCount(survival),
      folds: folds.length,
      tested: result.risks.length,
    },
    seeds: { ...seeds, bootstrap: bootstrap.seed },
    tieRules: [
      'C index: equal risks (within 1e-8) count one half; two events at one time are not comparable; an event is earlier than a censoring at its time',
      `Cox regression: ${ties === 'efron' ? "Efron's" : "Breslow's"} treatment of equal event times`,
      'a risk equal to the training median is low risk',
    ],
    undefinedValues: remarks(result),
  };
}
