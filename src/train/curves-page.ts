/** Loss curves and the collapse watch of a run as one HTML page. */
import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { htmlPage, lineChart, type Series } from '../report/index.ts';
import { type MetricsLine, readMetrics } from './metrics-log.ts';

/** At most this many points per line: neighbouring steps are averaged. */
const MOST_POINTS = 600;

function averaged(
  lines: readonly MetricsLine[],
  value: (line: MetricsLine) => number | undefined,
): Series['points'] {
  const known = lines.flatMap((line) => {
    const y = value(line);
    return y === undefined ? [] : [{ x: line.step, y }];
  });
  const size = Math.ceil(known.length / MOST_POINTS);
  const points: { x: number; y: number }[] = [];
  for (let i = 0; i < known.length; i += size) {
    const group = known.slice(i, i + size);
    const mean = (key: 'x' | 'y') => group.reduce((sum, point) => sum + point[key], 0) / group.length;
    points.push({ x: mean('x'), y: mean('y') });
  }
  return points;
}

function chart(
  lines: readonly MetricsLine[],
  title: string,
  yTitle: string,
  values: Readonly<Record<string, (line: MetricsLine) => number | undefined>>,
): Promise<string> {
  const series = Object.entries(values).map(([name, value]) => ({ name, points: averaged(lines, value) }));
  return lineChart(series, { title, xTitle: 'step', yTitle });
}

/** Writes `curves.html` from the run's metrics and returns its path. */
export async function writeCurves(folder: string): Promise<string> {
  const lines = await readMetrics(folder);
  const charts = await Promise.all([
    chart(lines, 'Loss', 'loss', { total: ({ losses }) => losses.total }),
    chart(lines, 'Terms of the loss', 'weighted loss', {
      'DINO local': ({ losses }) => losses.dinoLocal,
      'DINO global': ({ losses }) => losses.dinoGlobal,
      iBOT: ({ losses }) => losses.ibot,
      KoLeo: ({ losses }) => losses.koleo,
    }),
    chart(lines, 'Collapse watch: spread of the class features (0 collapsed, 1 uniform)', 'spread', {
      spread: ({ collapse }) => collapse?.spread,
    }),
    chart(lines, 'Collapse watch: effective rank of the class features', 'directions', {
      rank: ({ collapse }) => collapse?.effectiveRank,
    }),
    chart(lines, 'Learning rate', 'rate', { lr: ({ lr }) => lr }),
    chart(lines, 'Norm of the gradient before clipping', 'norm', {
      backbone: ({ gradientNorms }) => gradientNorms.backbone,
      'DINO head': ({ gradientNorms }) => gradientNorms.dino_head,
      'iBOT head': ({ gradientNorms }) => gradientNorms.ibot_head,
    }),
    chart(lines, 'Throughput', 'images per second', { images: ({ imagesPerSecond }) => imagesPerSecond }),
  ]);
  const path = join(folder, 'curves.html');
  const last = lines.at(-1);
  const summary =
    last === undefined
      ? 'No step yet.'
      : `${last.step + 1} steps, last loss ${last.losses.total.toFixed(4)}.`;
  await writeFileAtomically(
    path,
    htmlPage(
      'Pretraining',
      `<h1>Pretraining</h1><p class="quiet">${summary}</p><div class="charts">${charts.join('\n')}</div>`,
    ),
  );
  return path;
}
