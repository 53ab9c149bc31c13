/** Report of the frequency analysis. */
import {
  type BandAblation,
  type BlockSpectra,
  formatBandAblation,
  formatBlockSpectra,
  formatPoleContrast,
  formatPoleSurvey,
  type PoleContrast,
  type PoleSurvey,
} from '../eval/frequency/index.ts';
import { formatCard } from '../eval/results/index.ts';
import { bandChart, type FoldOfBands } from './band-chart.ts';
import { lineChart } from './charts.ts';
import {
  figure,
  type ReportBlock,
  type ReportDocument,
  type ReportSection,
  section,
  table,
  text,
} from './document.ts';
import { depthChart } from './result-charts.ts';

export interface FrequencyReportRun {
  readonly pictures: string;
  readonly encoder: Readonly<Record<string, string>>;
  readonly spectra: BlockSpectra;
  readonly poles: PoleSurvey | null;
  readonly contrast?: PoleContrast | null;
  readonly noise?: (BandAblation & { readonly split: string; readonly folds: readonly FoldOfBands[] }) | null;
}

/** Noise in bands against a score; nothing where it was not measured. */
async function noiseSection(noise: FrequencyReportRun['noise']): Promise<ReportSection[]> {
  if (noise === undefined || noise === null) return [];
  const { rms } = noise.card.settings;
  const caption = `Heads fitted on clean training patches; test patches with noise of ${rms} grey levels (root mean square) in one band. ${noise.split}, ${noise.folds.length} folds. A band whose noise costs more is one that the prediction rests on.`;
  return section('Noise in bands of frequencies', [
    figure(caption, await bandChart(noise, noise.folds)),
    table('noise', formatBandAblation(noise)),
    ...noise.card.undefinedValues.map((line) => text(line, 'note')),
    table('noise protocol', formatCard(noise.card), 'Protocol'),
  ]);
}

/** What is left of the variation of a transfer function beyond a frequency: real poles against complex ones. */
async function contrastBlocks(contrast: PoleContrast | null | undefined): Promise<ReportBlock[]> {
  if (contrast === undefined || contrast === null) return [];
  const series = (['real', 'complex'] as const).map((name) => ({
    name: `${name} poles`,
    points: contrast.rows.map((row) => ({ x: row.omega0, y: row[name].variation })),
  }));
  const chart = await lineChart(series, {
    title: 'Variation beyond a frequency',
    xTitle: 'omega (radians per time)',
    yTitle: 'total variation',
    width: 240,
    ...{ logarithmic: true, logarithmicX: true },
  });
  const caption =
    'How far the transfer function still moves beyond a frequency: what a layer of frozen step could tell apart there. Real poles all stand at frequency 0, complex ones each at a frequency of its own.';
  return [
    figure(caption, chart),
    table('variation', formatPoleContrast(contrast), 'Variation beyond omega0 and its bound'),
  ];
}

/** Spectra block by block, and the poles of state-space layers. */
export async function frequencyReport(run: FrequencyReportRun): Promise<ReportDocument> {
  const { encoder, spectra, poles, contrast, pictures, noise } = run;
  const lines = spectra.blocks.map(({ block, spectrum }) => ({
    depth: block,
    points: spectrum.frequency.map((x, i) => ({ x, y: spectrum.relativeLogAmplitude[i]! })),
  }));
  const low = spectra.blocks.map(({ block, spectrum }) => ({
    x: block,
    y: spectrum.radial.lowFraction ?? Number.NaN,
  }));
  const amplitude = await depthChart(
    lines,
    'Relative log amplitude',
    'frequency (1: highest)',
    'log amplitude',
  );
  const share = await lineChart([{ name: 'low', points: low }], {
    title: 'Power at or below 1/8 cycle per token',
    xTitle: 'block',
    yTitle: 'share',
    width: 270,
  });
  const steps = spectra.card.steps.join('; ');
  const poleTable = poles === null ? [] : [table('poles', formatPoleSurvey(poles))];
  const noPoles = text('This backbone has no state-space layers.', 'quiet');
  const { columns, rows } = formatBlockSpectra(spectra);
  return {
    title: `Spatial frequencies: ${encoder.backbone}`,
    subtitle: `${encoder.backbone}; ${encoder.weights}; ${spectra.card.counts.images} pictures of ${pictures}`,
    sections: [
      ...section('Spectra of tokens', [
        figure(steps, amplitude),
        figure('Share of the power of each map without its mean', share),
        table('spectra', { columns, rows }),
      ]),
      ...section(
        'Effective poles',
        poles === null ? [noPoles] : [...poleTable, ...(await contrastBlocks(contrast))],
      ),
      ...(await noiseSection(noise)),
      ...section(
        'Remarks',
        [...spectra.card.undefinedValues, ...(poles?.card.undefinedValues ?? [])].map((line) =>
          text(line, 'note'),
        ),
      ),
      ...section('Protocol', [
        table('protocol', formatCard(spectra.card)),
        ...(poles === null ? [] : [table('pole protocol', formatCard(poles.card))]),
        ...(contrast ? [table('variation protocol', formatCard(contrast.card))] : []),
      ]),
    ],
  };
}
