/** The page of a reproduction: verdicts first, then the paper's tables beside this run's, then everything behind them. */
import { cell, numberColumns } from '../eval/results/index.ts';
import {
  figure,
  nameTable,
  type ReportBlock,
  type ReportDocument,
  type ReportSection,
  section,
  table,
  text,
} from '../report/index.ts';
import { HEST_BENCHMARK, HEST_EXTENDED, PAPER_METRICS, type PaperMetric } from '../report/paper-tables.ts';
import { METRIC_LABELS } from '../report/published-tables.ts';
import { barChart } from '../report/result-charts.ts';
import type { BackboneResult, Reproduction, Score } from './collect.ts';
import type { BackboneCostRow } from './cost.ts';
import { frequencyBlocks } from './report-frequency.ts';
import type { TaskScore } from './task-summary.ts';
import { RULE } from './verdicts.ts';

/** Everything the page shows. */
export interface ReproductionPage {
  readonly result: Reproduction;
  readonly cost: readonly BackboneCostRow[];
  readonly tasks: readonly TaskScore[];
  /** Names and values of every choice. */
  readonly protocol: readonly (readonly [string, string])[];
  /** What a reader must know before believing a number. */
  readonly warnings: readonly string[];
}

const range = ({ low, high }: { low: number; high: number }, decimals = 3) =>
  `${cell(low, decimals)} to ${cell(high, decimals)}`;
const score = ({ mean, std }: Score) => `${cell(mean)} ± ${cell(std)}`;

function verdictBlocks({ claims }: Reproduction): ReportBlock[] {
  const count = (verdict: string) => claims.filter((claim) => claim.verdict === verdict).length;
  const summary = `${count('reproduced')} of ${claims.length} claims reproduced, ${count('not reproduced')} not reproduced, ${count('not testable')} not testable on this data.`;
  const rows = claims.map(({ claim, verdict, reason, published }) => [claim, verdict, reason, published]);
  const columns = ['claim', 'verdict', 'this run', 'the paper'].map((header) => ({ header }));
  return [text(summary), { ...table('verdicts', { columns, rows }), wrap: true }, text(RULE, 'quiet')];
}

function heldOutBlocks({ backbones, heldOutBy, groups }: Reproduction): ReportBlock[] {
  const columns = numberColumns('model', ...PAPER_METRICS.map((m) => METRIC_LABELS[m]));
  const ours = backbones.map(({ paperName, heldOut }) => [
    `${paperName}, this run`,
    ...PAPER_METRICS.map((m) => score(heldOut[m])),
  ]);
  const paper = Object.entries(HEST_BENCHMARK).map(([name, row]) => [
    `${name}, paper`,
    ...PAPER_METRICS.map((m) => `${cell(row[m][0])} ± ${cell(row[m][1])}`),
  ]);
  const caption = `Every ${heldOutBy} held out once (${groups} folds): mean over seeds and folds ± std over folds; below, HEST-Benchmark of the paper (4 patients held out, 50 genes)`;
  return [
    {
      ...table('held out', { columns, rows: [...ours, ...paper] }, caption),
      strong: ours.map((_, i) => i),
    },
  ];
}

function splitRows(backbones: readonly BackboneResult[], metrics: readonly PaperMetric[]) {
  const ours = backbones.map(({ paperName, random, heldOut, drop }) => [
    `${paperName}, this run`,
    ...metrics.flatMap((m) => [
      score(random[m]),
      score(heldOut[m]),
      `${cell(drop[m].percent, 1)} (${range(drop[m].interval, 1)})`,
    ]),
  ]);
  const pair = ([mean, std]: readonly [number, number]) => `${cell(mean)} ± ${cell(std)}`;
  const paper = Object.entries(HEST_EXTENDED).flatMap(([set, models]) =>
    Object.entries(models).map(([name, row]) => [
      `${name} (${set}), paper`,
      ...metrics.flatMap((m) => [pair(row.random[m]), pair(row.loso[m]), cell(row.drop[m], 1)]),
    ]),
  );
  return { rows: [...ours, ...paper], own: ours.map((_, i) => i) };
}

async function splitBlocks({ backbones, heldOutBy }: Reproduction): Promise<ReportBlock[]> {
  const bars = backbones.flatMap(({ paperName, random, heldOut }) =>
    (
      [
        ['random split', random],
        [`${heldOutBy} held out`, heldOut],
      ] as const
    ).map(([series, { pcc }]) => ({ group: paperName, series, value: pcc.mean, ...pcc.interval })),
  );
  const chart = await barChart(bars, 'PCC', '', { width: 330, labelAngle: -35 });
  const tables = (
    [
      ['pcc', 'pccTop'],
      ['mse', 'mae'],
    ] as const
  ).map((metrics) => {
    const { rows, own } = splitRows(backbones, metrics);
    const headers = metrics.flatMap((m) =>
      ['random', 'held out', 'drop % (95 %)'].map((what) => `${METRIC_LABELS[m]} ${what}`),
    );
    const caption = `Random split against ${heldOutBy} held out, beside HEST-Extended of the paper`;
    return {
      ...table(`splits ${metrics[0]}`, { columns: numberColumns('model', ...headers), rows }, caption),
      strong: own,
    };
  });
  const note =
    'Intervals: 1,000 resamples of seeds, folds and blocks of tissue at once. Drop: 100 (random - held out) / random for correlations, 100 (held out - random) / random for errors.';
  return [figure('Mean over seeds and folds with its 95 % interval', chart), ...tables, text(note, 'quiet')];
}

function evidenceBlocks({ claims }: Reproduction): ReportBlock[] {
  const seen = new Map(claims.flatMap(({ evidence }) => evidence.map((one) => [one.label, one] as const)));
  if (seen.size === 0) return [];
  const rows = [...seen.values()].map(({ label, difference, interval, favourable }) => [
    label,
    cell(difference),
    range(interval),
    cell(100 * favourable, 1),
  ]);
  const columns = numberColumns('difference', 'value', '95 %', 'above 0 in %');
  return [
    table(
      'differences',
      { columns, rows },
      'Paired differences behind the verdicts, signed so that the claim says: above 0',
    ),
  ];
}

function driverBlocks({ backbones, heldOutBy }: Reproduction): ReportBlock[] {
  if (backbones.every(({ drivers }) => drivers.length === 0)) return [];
  const rows = backbones.flatMap(({ paperName, drivers }) =>
    drivers.map(({ driver, genes, random, heldOut }) => [
      `${paperName}: ${driver === 'low' ? 'glands and stroma' : 'fine texture'}`,
      String(genes),
      cell(random),
      cell(heldOut),
      random > 0 ? cell((100 * (random - heldOut)) / random, 1) : 'n/a',
    ]),
  );
  const columns = numberColumns(
    'genes driven by',
    'genes',
    'PCC random',
    `PCC ${heldOutBy} held out`,
    'drop %',
  );
  const words =
    'In the generated cohort every gene has one known cause: areas of glands or stroma (low spatial frequency), or the strength of fine texture of 2.4 um grain (high). Stain, focus, resolution, tone curve and noise differ between studies.';
  return [text(words), table('drivers', { columns, rows })];
}

function costBlocks(cost: readonly BackboneCostRow[]): ReportBlock[] {
  const mib = (bytes: number | null) => (bytes === null ? 'n/a' : (bytes / 2 ** 20).toFixed(0));
  const rows = cost.map((row) => [
    row.name,
    row.layout,
    row.parameters.toLocaleString('en-US'),
    cell(row.gflop, 2),
    cell(row.step, 2),
    cell(row.pretraining, 1),
    cell(row.benchmark, 1),
    mib(row.peakBytes),
  ]);
  const columns = numberColumns(
    'backbone',
    'blocks',
    'parameters',
    'GFLOP/patch',
    's/step',
    's pretraining',
    's benchmark',
    'MiB',
  );
  const caption =
    'Wall times of this run, with whatever else used the machine; memory: largest of the whole process while it pretrained, the memory of earlier stages that it had not given back included';
  return [table('cost', { columns, rows }, caption)];
}

function taskBlocks(tasks: readonly TaskScore[]): ReportBlock[] {
  if (tasks.length === 0) return [];
  const rows = tasks.map(({ task, measure, backbone, perSeed }) => {
    const known = perSeed.flatMap((value) => value ?? []);
    const mean = known.reduce((sum, v) => sum + v, 0) / known.length;
    return [`${task}: ${measure}`, backbone, cell(mean), perSeed.map((value) => cell(value)).join(', ')];
  });
  const columns = [
    { header: 'task' },
    { header: 'backbone' },
    ...numberColumns('', 'mean', 'per seed').slice(1),
  ];
  const words = "The paper's numbers for these tasks stand in its full text only: no verdict is given.";
  return [table('tasks', { columns, rows }), text(words, 'quiet')];
}

/** The whole page. */
export async function reproductionReport(page: ReproductionPage): Promise<ReportDocument> {
  const { result, cost, tasks, protocol, warnings } = page;
  const { seeds, sections, spots, heldOutBy, groups } = result;
  const parts: readonly (readonly [string, readonly ReportBlock[]])[] = [
    ['Before you read on', warnings.map((line) => text(line, 'note'))],
    ['Verdicts', verdictBlocks(result)],
    ["The paper's tables beside this run", [...heldOutBlocks(result), ...(await splitBlocks(result))]],
    ['Paired differences', evidenceBlocks(result)],
    ['What the genes follow', driverBlocks(result)],
    ['Frequencies', await frequencyBlocks(result)],
    ['Other tasks', taskBlocks(tasks)],
    ['Cost', costBlocks(cost)],
    ['Protocol', [nameTable('protocol', protocol)]],
  ];
  return {
    title: 'Reproduction of MV_Hybrid (arXiv:2508.00383)',
    subtitle: `${result.backbones.length} ${result.backbones.length === 1 ? 'backbone' : 'backbones'}, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}; ${sections} sections, ${spots} spots, ${groups} held-out groups (by ${heldOutBy})`,
    sections: parts.flatMap(([heading, blocks]): ReportSection[] => section(heading, blocks)),
  };
}
