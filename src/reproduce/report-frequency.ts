/** Spectra of all backbones' blocks in one picture and one table. */
import { cell, numberColumns } from '../eval/results/index.ts';
import { figure, lineChart, type ReportBlock, table, text } from '../report/index.ts';
import type { Reproduction } from './collect.ts';
import { HIGH_FROM } from './spectra-stage.ts';

/** High-frequency amplitude over depth, and the numbers. */
export async function frequencyBlocks({ backbones }: Reproduction): Promise<ReportBlock[]> {
  const series = backbones.map(({ paperName, spectra }) => ({
    name: paperName,
    points: spectra.high.map((y, b) => ({ x: (b + 1) / spectra.high.length, y })),
  }));
  const chart = await lineChart(series, {
    title: 'High-frequency amplitude after each block',
    xTitle: 'relative depth',
    yTitle: 'relative log amplitude',
    width: 300,
  });
  const rows = backbones.flatMap(({ paperName, spectra }) =>
    spectra.high.map((value, b) => [`${paperName} ${b + 1}`, spectra.mixers[b]!, cell(value)]),
  );
  const columns = [{ header: 'block' }, { header: 'mixer' }, ...numberColumns('', 'amplitude').slice(1)];
  const words = `Tokens after each block as maps without the class token; log(|FFT2| + 1e-6), mean over pictures and channels, half diagonal minus its first entry (Park and Kim, arXiv:2202.06709); mean over frequencies from ${HIGH_FROM.toFixed(2)} of the highest. Lower: less of what changes from token to token.`;
  return [
    text(words, 'quiet'),
    figure('Mean over sections and seeds', chart),
    table('spectra', { columns, rows }),
  ];
}
