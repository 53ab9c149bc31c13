/** Survival results as tables. */
import { cell, meanAndSpread, numberColumns, type ResultTable } from '../results/index.ts';
import type { KaplanMeier } from './kaplan-meier.ts';
import type { SurvivalResult } from './result.ts';

/** One row per fold, the mean with its bootstrap interval last. */
export function formatSurvival({ folds, cIndex, cIndexInterval, risks }: SurvivalResult): ResultTable {
  const { low, high, confidence } = cIndexInterval;
  const events = risks.filter((r) => r.event).length;
  const rows = folds.map(({ name, train, test, cIndex: c, comparablePairs }) => [
    name,
    `${train.patients} (${train.events})`,
    `${test.patients} (${test.events})`,
    String(comparablePairs),
    cell(c),
  ]);
  const interval = `${100 * confidence} %: ${cell(low)} to ${cell(high)}`;
  return {
    columns: numberColumns('fold', 'train (events)', 'test (events)', 'pairs', 'C index'),
    rows: [
      ...rows,
      ['mean ± std', '', `${risks.length} (${events})`, '', meanAndSpread(cIndex)],
      ['interval of the mean', '', '', '', interval],
    ],
  };
}

/** The two risk groups side by side, and the test between them. */
export function formatRiskGroups({ curves, logRank }: SurvivalResult): ResultTable {
  const line = (name: string, curve: KaplanMeier | null) => [
    name,
    String(curve?.patients ?? 0),
    String(curve?.events ?? 0),
    curve === null ? 'n/a' : curve.median === null ? 'not reached' : cell(curve.median, 1),
  ];
  const test =
    logRank === null || logRank.p === null
      ? 'n/a'
      : `chi2 ${cell(logRank.chiSquare, 2)}, p ${logRank.p.toPrecision(3)}`;
  return {
    columns: numberColumns('group', 'patients', 'events', 'median survival'),
    rows: [line('high risk', curves.high), line('low risk', curves.low), ['log-rank', '', '', test]],
  };
}

/** The steps of one curve. */
export function formatKaplanMeier({ steps }: KaplanMeier): ResultTable {
  return {
    columns: numberColumns(
      'time',
      'at risk',
      'events',
      'censored',
      'survival',
      'std. error',
      '95 % low',
      '95 % high',
    ),
    rows: steps.map((step) => [
      cell(step.time, 2),
      String(step.atRisk),
      String(step.events),
      String(step.censored),
      ...[step.survival, step.standardError, step.low, step.high].map((v) => cell(v, 4)),
    ]),
  };
}
