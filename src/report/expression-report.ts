/** The report of a gene-expression benchmark. */
import type { ExpressionBenchmark, ExpressionSplit, SplitDrop } from '../eval/index.ts';
import { cell, numberColumns, type ResultTable } from '../eval/results/index.ts';
import { lineChart } from './charts.ts';
import { comparisonBlocks } from './comparison-blocks.ts';
import {
  figure,
  nameTable,
  type ReportBlock,
  type ReportDocument,
  type ReportSection,
  section,
  table,
  text,
} from './document.ts';
import { foldTable, leakBlocks } from './expression-tables.ts';
import { geneBlocks } from './gene-blocks.ts';
import { extendedTable, hestTable, METRIC_LABELS } from './published-tables.ts';
import { type Bar, barChart } from './result-charts.ts';

/** What a run's result.json holds. */
export interface ExpressionRun extends ExpressionBenchmark {
  readonly kind: 'expression benchmark';
  readonly protocol: Readonly<Record<string, string | number | boolean | null>>;
  readonly sections: readonly {
    readonly id: string;
    readonly study: string;
    readonly patient: string;
    readonly spots: number;
    readonly genes: number;
    readonly mpp: number;
    readonly mppSource: string;
  }[];
}

/** Pictures that are made from other files of the run. */
export interface ExpressionFigures {
  readonly maps: readonly { readonly caption: string; readonly png: Buffer }[];
  readonly embedding: readonly { readonly caption: string; readonly svg: string }[];
}

const HEAD_METRICS = ['pcc', 'pccTop', 'mse', 'mae'] as const;

function resultBlocks({ splits, drops, protocol }: ExpressionRun): ReportBlock[] {
  const label = `this run: ${protocol.backbone}`;
  const blocks: ReportBlock[] = [];
  for (const drop of drops) {
    const [random, heldOut] = [drop.random, drop.heldOut].map(
      (name) => splits.find((split) => split.name === name)!.summary,
    );
    const values = {
      pcc: drop.metrics.pcc.dropPercent,
      pccTop: drop.metrics.pccTop.dropPercent,
      mse: drop.metrics.mse.dropPercent,
      mae: drop.metrics.mae.dropPercent,
    };
    const both = { random: random!, heldOut: heldOut!, drop: values };
    const caption = `${drop.random} against ${drop.heldOut}, beside HEST-Extended (54 samples, 8 studies, 200 genes)`;
    for (const metrics of [
      ['pcc', 'pccTop'],
      ['mse', 'mae'],
    ] as const) {
      const name = `published ${drop.random} ${drop.heldOut} ${metrics[0]}`;
      blocks.push({ ...table(name, extendedTable(label, both, metrics), caption), strong: [0] });
    }
  }
  const patient = splits.find(({ name }) => name === 'patient');
  if (patient !== undefined) {
    const caption = 'leave-one-patient-out, beside HEST-Benchmark (8 samples, 4 patients, 50 genes)';
    blocks.push({ ...table('published patient', hestTable(label, patient.summary), caption), strong: [0] });
  }
  if (blocks.length > 0) {
    const warning =
      'Published rows are from the paper: other samples, its own pretrained weights. They can be compared with this run only where cohort and protocol are the same.';
    blocks.unshift(text(warning, 'quiet'));
  }
  return blocks;
}

function summaryTable(splits: readonly ExpressionSplit[]): ResultTable {
  const rows = splits.map(({ title, folds, summary, intervals }) => [
    title,
    String(folds.length),
    ...HEAD_METRICS.map((metric) => {
      const { mean, std } = summary[metric];
      const interval = intervals?.folds[metric];
      const range = interval === undefined ? '' : ` [${cell(interval.low)}, ${cell(interval.high)}]`;
      return `${cell(mean)} ± ${cell(std)}${range}`;
    }),
  ]);
  return {
    columns: numberColumns('split', 'folds', ...HEAD_METRICS.map((metric) => METRIC_LABELS[metric])),
    rows,
  };
}

function dropTable({ random, heldOut, metrics }: SplitDrop): ResultTable {
  const rows = HEAD_METRICS.map((metric) => {
    const { random: from, heldOut: to, dropPercent, interval } = metrics[metric];
    const range = interval === undefined ? '' : `${cell(interval.low, 1)} to ${cell(interval.high, 1)}`;
    return [METRIC_LABELS[metric], cell(from), cell(to), cell(dropPercent, 1), range];
  });
  return { columns: numberColumns('metric', random, heldOut, 'drop %', '95 %'), rows };
}

async function splitBars(
  splits: readonly ExpressionSplit[],
  metrics: readonly (typeof HEAD_METRICS)[number][],
  title: string,
) {
  const bars = splits.flatMap(({ name: series, summary, intervals }): Bar[] =>
    metrics.map((metric) => ({
      group: METRIC_LABELS[metric],
      series,
      value: summary[metric].mean,
      ...(intervals === undefined ? {} : intervals.folds[metric]),
    })),
  );
  return figure(
    'Mean over folds; lines: 95 % interval, folds and blocks of tissue drawn again',
    await barChart(bars, title, ''),
  );
}

async function splitSection({ splits, drops }: ExpressionRun): Promise<ReportSection[]> {
  const caption = 'mean ± population std over folds [95 % of the mean, folds drawn again]';
  const blocks: ReportBlock[] = [table('splits', summaryTable(splits), caption)];
  blocks.push(await splitBars(splits, ['pcc', 'pccTop'], 'Correlation'));
  blocks.push(await splitBars(splits, ['mse', 'mae'], 'Error'));
  for (const drop of drops) {
    const caption = `Drop from ${drop.random} to ${drop.heldOut}`;
    blocks.push(table(`drop ${drop.random} ${drop.heldOut}`, dropTable(drop), caption));
  }
  const formula =
    'Drop: 100 (random - held out) / random for correlations, 100 (held out - random) / random for errors; n/a where the random split itself is not above 0.';
  if (drops.length > 0) blocks.push(text(formula, 'quiet'));
  return section('Splits', blocks);
}

async function alphaBlocks(splits: readonly ExpressionSplit[]): Promise<ReportBlock[]> {
  const searched = splits.filter(({ folds }) => folds.some(({ alphaSearch }) => alphaSearch !== undefined));
  const blocks: ReportBlock[] = [];
  for (const { title, folds } of searched) {
    const series = folds.map(({ name, alphaSearch }) => ({
      name,
      points: (alphaSearch?.grid ?? []).map(({ alpha, pcc }) => ({ x: Math.log10(alpha), y: pcc })),
    }));
    const chart = await lineChart(series, {
      title,
      xTitle: 'log10 of the penalty',
      yTitle: 'inner PCC',
      width: 240,
    });
    blocks.push(figure('Nested cross-validation on the training side of each fold', chart));
    const edge = folds.filter(({ alphaSearch }) => alphaSearch?.atEdge);
    if (edge.length > 0)
      blocks.push(
        text(
          `The chosen penalty is an end of the grid in: ${edge.map(({ name }) => name).join(', ')}`,
          'note',
        ),
      );
  }
  return blocks;
}

function sectionTable({ sections }: ExpressionRun): ResultTable {
  return {
    columns: numberColumns('section', 'study', 'patient', 'spots', 'genes', 'um/px', 'um/px from'),
    rows: sections.map(({ id, study, patient, spots, genes, mpp, mppSource }) => [
      id,
      study,
      patient,
      String(spots),
      String(genes),
      cell(mpp, 4),
      mppSource,
    ]),
  };
}

/** The whole report of a run. */
export async function expressionReport(
  run: ExpressionRun,
  { maps, embedding }: ExpressionFigures,
): Promise<ReportDocument> {
  const { protocol, splits, sections } = run;
  const spots = sections.reduce((sum, one) => sum + one.spots, 0);
  const studies = new Set(sections.map(({ study }) => study)).size;
  const card = Object.entries(protocol).map(([key, value]) => [key, String(value)]);
  return {
    title: `Gene expression benchmark: ${protocol.backbone}`,
    subtitle: `${protocol.weights}; ${sections.length} sections of ${studies} ${studies === 1 ? 'study' : 'studies'}, ${spots} spots; preset ${protocol.preset}`,
    sections: [
      ...(await splitSection(run)),
      ...section('Two encoders', await comparisonBlocks(run)),
      ...section('Beside the published numbers', resultBlocks(run)),
      ...section('Leaks', leakBlocks(splits)),
      ...section('Folds', splits.map(foldTable)),
      ...section('Genes', await geneBlocks(splits)),
      ...section(
        'Measured and predicted',
        maps.map(({ caption, png }) => figure(caption, png)),
      ),
      ...section('Penalty', await alphaBlocks(splits)),
      ...section(
        'Embeddings',
        embedding.map(({ caption, svg }) => figure(caption, svg)),
      ),
      ...section('Sections', [table('sections', sectionTable(run))]),
      ...section('Protocol', [nameTable('protocol', card)]),
    ],
  };
}
