/** Reports of the tasks beside gene expression. */
import {
  type ClassificationResult,
  formatClassification,
  formatClassScores,
  formatConfusion,
} from '../eval/classification/index.ts';
import { formatCard } from '../eval/results/index.ts';
import { formatRetrieval, type RetrievalResult } from '../eval/retrieval/index.ts';
import {
  formatRiskGroups,
  formatSurvival,
  type KaplanMeier,
  type SurvivalResult,
} from '../eval/survival/index.ts';
import {
  figure,
  nameTable,
  type ReportDocument,
  type ReportSection,
  section,
  table,
  text,
} from './document.ts';
import { barChart, stepChart } from './result-charts.ts';

type Texts = Readonly<Record<string, string>>;

const notes = (lines: readonly string[]) => lines.map((line) => text(line, 'note'));
const about = (encoder: Texts) => `${encoder.backbone}; ${encoder.weights}`;

export interface ClassificationReportRun {
  readonly data: {
    readonly name: string;
    readonly items: number;
    readonly classes: readonly string[];
    readonly patients: number | null;
    readonly division: string;
    readonly notes: readonly string[];
  };
  readonly encoder: Texts;
  readonly results: readonly ClassificationResult[];
}

function methodSection(result: ClassificationResult): ReportSection[] {
  const { card, folds, classes } = result;
  const name = String(card.settings.method ?? 'abmil');
  const perFold = folds.flatMap(({ name: fold, scores }) => [
    table(`${name} classes ${fold}`, formatClassScores(scores), `Classes, ${fold}`),
    table(`${name} confusion ${fold}`, formatConfusion(scores, classes), `Confusion, ${fold}`),
  ]);
  return section(card.task, [
    table(`${name} scores`, formatClassification(result)),
    ...perFold.slice(0, 6),
    ...(folds.length > 3 ? [text('Tables of the other folds are in result.json.', 'quiet')] : []),
    ...notes(card.undefinedValues),
    table(`${name} protocol`, formatCard(card), 'Protocol'),
  ]);
}

const CHART_METRICS = [
  ['balancedAccuracy', 'bal. acc.'],
  ['f1Macro', 'macro F1'],
  ['auroc', 'AUROC'],
] as const;

/** Classification by one or several methods. */
export async function classificationReport(run: ClassificationReportRun): Promise<ReportDocument> {
  const { data, encoder, results } = run;
  const bars = results.flatMap(({ card, summary }) =>
    CHART_METRICS.map(([metric, group]) => ({
      group,
      series: String(card.settings.method ?? 'attention pooling'),
      value: summary[metric].mean ?? Number.NaN,
    })),
  );
  const patients = data.patients === null ? 'unknown' : String(data.patients);
  const rows = [
    ['items', String(data.items)],
    ['classes', data.classes.join(', ')],
    ['patients', patients],
    ['division', data.division],
    ...Object.entries(encoder),
  ];
  return {
    title: `Classification: ${data.name}`,
    subtitle: about(encoder),
    sections: [
      ...section('Methods', [
        figure('Mean over folds', await barChart(bars, 'Scores', '')),
        nameTable('data', rows),
      ]),
      ...section('Remarks', notes(data.notes)),
      ...results.flatMap(methodSection),
    ],
  };
}

export interface RetrievalReportRun {
  readonly support: { readonly name: string; readonly patches: number };
  readonly gallery: { readonly name: string; readonly patches: number };
  readonly notes: readonly string[];
  readonly encoder: Texts;
  readonly results: readonly RetrievalResult[];
}

/** Retrieval in one or both directions. */
export async function retrievalReport(run: RetrievalReportRun): Promise<ReportDocument> {
  const { support, gallery, encoder, results } = run;
  const bars = results.flatMap(({ direction, mean }) =>
    mean.accuracy.map(({ k, value }) => ({
      group: `Acc@${k}`,
      series: direction,
      value: value ?? Number.NaN,
    })),
  );
  return {
    title: `Retrieval: ${support.name} to ${gallery.name}`,
    subtitle: `${about(encoder)}; ${support.patches} support and ${gallery.patches} gallery patches`,
    sections: [
      ...section('Overview', [figure('Any of the first K of the class', await barChart(bars, 'Acc@K', ''))]),
      ...section('Remarks', notes(run.notes)),
      ...results.flatMap((result) =>
        section(result.card.task, [
          table(`${result.direction} scores`, formatRetrieval(result)),
          ...notes(result.card.undefinedValues),
          table(`${result.direction} protocol`, formatCard(result.card), 'Protocol'),
        ]),
      ),
    ],
  };
}

export interface SurvivalReportRun {
  readonly data: {
    readonly table: string;
    readonly endpoint: string;
    readonly patients: number;
    readonly slides: number;
    readonly division: string;
    readonly notes: readonly string[];
  };
  readonly encoder: Texts;
  readonly result: SurvivalResult;
}

const curvePoints = (curve: KaplanMeier) => [
  { x: 0, y: 1 },
  ...curve.steps.map(({ time, survival }) => ({ x: time, y: survival })),
];

/** Survival with its pooled curves. */
export async function survivalReport({ data, encoder, result }: SurvivalReportRun): Promise<ReportDocument> {
  const groups = (['high', 'low'] as const).flatMap((group) => {
    const curve = result.curves[group];
    return curve === null ? [] : [{ name: `${group} risk (${curve.patients})`, points: curvePoints(curve) }];
  });
  const caption =
    'Kaplan-Meier curves of out-of-fold risk groups, pooled; high: above the median risk of the training patients of the fold';
  const chart = await stepChart(groups, 'Survival by predicted risk', 'time (months)', 'survival');
  return {
    title: `Survival, endpoint ${data.endpoint}`,
    subtitle: `${about(encoder)}; ${data.patients} patients, ${data.slides} slides; ${data.division}`,
    sections: [
      ...section('Concordance', [table('folds', formatSurvival(result))]),
      ...section('Risk groups', [figure(caption, chart), table('groups', formatRiskGroups(result))]),
      ...section('Remarks', notes([...data.notes, ...result.card.undefinedValues])),
      ...section('Protocol', [table('protocol', formatCard(result.card))]),
    ],
  };
}
