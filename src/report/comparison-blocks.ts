/** Two encoders beside each other: scores, paired differences and drops. */
import type { TopLevelSpec } from 'vega-lite';
import { dropPercent, METRIC_KINDS, type PairedDifference, type SplitDrop } from '../eval/index.ts';
import { cell, numberColumns } from '../eval/results/index.ts';
import { renderChart } from './charts.ts';
import { figure, type ReportBlock, type ReportTable, table, text } from './document.ts';
import { METRIC_LABELS } from './published-tables.ts';
import { barChart } from './result-charts.ts';

const METRICS = ['pcc', 'pccTop', 'mse', 'mae'] as const;

/** What the blocks need of a run. */
export interface ComparedRun {
  readonly protocol: Readonly<Record<string, unknown>>;
  readonly drops: readonly SplitDrop[];
  readonly comparison?: PairedDifference;
}

/** Short names of both encoders: their backbones where these differ. */
function namesOf({ protocol, comparison }: ComparedRun): readonly [string, string] {
  const own = String(protocol.backbone);
  const rival = comparison!.against.split(' (')[0]!;
  return own === rival ? ['this run', 'other run'] : [own, rival];
}

function differenceTable({ splits, against }: PairedDifference, names: readonly string[]): ReportTable {
  const rows = splits.flatMap(({ name, metrics }) =>
    METRICS.map((metric) => {
      const { own, rival, difference, spots, folds, better } = metrics[metric];
      const ranges = [spots, folds].map((interval) =>
        interval === undefined ? '' : `${cell(interval.low)} to ${cell(interval.high)}`,
      );
      const share = better === undefined ? '' : cell(100 * better, 1);
      return [
        `${name}: ${METRIC_LABELS[metric]}`,
        cell(own),
        cell(rival),
        cell(difference),
        ...ranges,
        share,
      ];
    }),
  );
  const headers = [...names, 'difference', '95 % (spots)', '95 % (folds)', 'better in %'];
  const caption = `This run minus ${against}; blocks of tissue and folds drawn alike for both`;
  return table('comparison', { columns: numberColumns('split and metric', ...headers), rows }, caption);
}

/** Correlations of both encoders, one group per split. */
async function scoreChart({ splits }: PairedDifference, names: readonly [string, string]) {
  const bars = splits.flatMap(({ name, metrics }) =>
    (['own', 'rival'] as const).map((side, i) => ({
      group: name,
      series: names[i]!,
      value: metrics.pcc[side],
    })),
  );
  return figure('Mean PCC over genes and folds', await barChart(bars, 'PCC of both encoders', ''));
}

/** Differences with their intervals, against a line at 0. */
async function differenceChart({ splits }: PairedDifference, [own, rival]: readonly [string, string]) {
  const shown = ['pcc', 'pccTop'] as const;
  const values = splits.flatMap(({ name, metrics }) =>
    shown.map((metric) => {
      const { difference, folds } = metrics[metric];
      return { name, metric: METRIC_LABELS[metric], difference, low: folds?.low, high: folds?.high };
    }),
  );
  const order = shown.map((metric) => METRIC_LABELS[metric]);
  const sort = splits.map(({ name }) => name);
  const shared = {
    y: { field: 'name', type: 'nominal', title: null, sort, axis: { labelLimit: 200, grid: true } },
    yOffset: { field: 'metric', type: 'nominal', sort: order },
    color: { field: 'metric', type: 'nominal', title: null, sort: order },
  } as const;
  const x = (field: string) => {
    const axis = { tickCount: 4, labelOverlap: false };
    return { field, type: 'quantitative', title: 'difference', axis } as const;
  };
  const svg = await renderChart({
    title: `${own} minus ${rival}`,
    width: 190,
    height: { step: 44, for: 'position' },
    config: { legend: { orient: 'bottom' } },
    layer: [
      {
        data: { values: [{ zero: 0 }] },
        mark: { type: 'rule', color: '#8c959f' },
        encoding: { x: x('zero') },
      },
      {
        data: { values: values.filter(({ low }) => low !== undefined) },
        mark: { type: 'rule', strokeWidth: 1.4 },
        encoding: { ...shared, x: x('low'), x2: { field: 'high' } },
      },
      {
        data: { values: values.filter(({ difference }) => Number.isFinite(difference)) },
        mark: { type: 'circle', size: 50, opacity: 1 },
        encoding: { ...shared, x: x('difference') },
      },
    ],
  } as TopLevelSpec);
  return figure(
    'Difference of correlations; lines: 95 % interval, folds and blocks of tissue drawn again',
    svg,
  );
}

/** What both encoders lose from a random split to held-out studies or patients. */
function dropTables({ drops, comparison }: ComparedRun, names: readonly [string, string]): ReportTable[] {
  const of = (split: string) => comparison!.splits.find(({ name }) => name === split)?.metrics;
  return drops.flatMap(({ random, heldOut, metrics }) => {
    const [from, to] = [of(random), of(heldOut)];
    if (from === undefined || to === undefined) return [];
    const rows = METRICS.map((metric) => {
      const base = from[metric].rival;
      const rival = base > 0 ? dropPercent(base, to[metric].rival, METRIC_KINDS[metric]) : Number.NaN;
      return [METRIC_LABELS[metric], cell(metrics[metric].dropPercent, 1), cell(rival, 1)];
    });
    const columns = numberColumns('drop in %', ...names);
    return [table(`drops ${random} ${heldOut}`, { columns, rows }, `Drop from ${random} to ${heldOut}`)];
  });
}

/** Scores, differences and drops of two encoders; nothing when there is one. */
export async function comparisonBlocks(run: ComparedRun): Promise<ReportBlock[]> {
  const { comparison, protocol } = run;
  if (comparison === undefined) return [];
  const names = namesOf(run);
  const own = `${String(protocol.backbone)} (${String(protocol.weights)})`;
  const who = `${own} against ${comparison.against}, on the same folds and genes.`;
  return [
    text(who),
    await scoreChart(comparison, names),
    await differenceChart(comparison, names),
    differenceTable(comparison, names),
    ...dropTables(run, names),
  ];
}
