/** A score against the band of frequencies that noise was added in. */
import type { TopLevelSpec } from 'vega-lite';
import type { BandAblation } from '../eval/frequency/index.ts';
import { renderChart, SERIES_COLOURS } from './charts.ts';

/** Values of one fold: without noise, then per band. */
export interface FoldOfBands {
  readonly name: string;
  readonly baseline: number | null;
  readonly bands: readonly (number | null)[];
}

const MEAN = 'mean over folds';
const FOLD = 'one fold';

/** Bands from low to high frequencies, the clean patches first: dots per fold, the mean as a line. */
export function bandChart(
  { metric, baseline, bands, mpp }: Pick<BandAblation, 'metric' | 'baseline' | 'bands' | 'mpp'>,
  folds: readonly FoldOfBands[],
): Promise<string> {
  const unit = mpp === null ? 'cycles/px' : 'cycles/um';
  const edge = (f: number) => (f / (mpp ?? 1)).toPrecision(2);
  // The highest band reaches beyond the grid's diagonal; its upper edge says nothing.
  const label = ({ low, high }: { low: number; high: number }) =>
    high >= 1 ? `over ${edge(low)}` : `${edge(low)} - ${edge(high)}`;
  const names = ['none', ...bands.map(label)];
  const points = (values: readonly (number | null)[], what: string) =>
    values.flatMap((value, i) => (value === null ? [] : [{ band: names[i]!, value, what }]));
  const means = points([baseline, ...bands.map(({ value }) => value)], MEAN);
  const dots = folds.flatMap((fold) => points([fold.baseline, ...fold.bands], FOLD));
  const x = {
    field: 'band',
    type: 'ordinal',
    sort: names,
    title: `noise band (${unit})`,
    axis: { labelAngle: -40 },
  } as const;
  const y = { field: 'value', type: 'quantitative', title: metric, scale: { zero: false } } as const;
  const color = {
    field: 'what',
    type: 'nominal',
    title: null,
    scale: { domain: [MEAN, FOLD], range: [SERIES_COLOURS[0]!, '#b6c2cd'] },
  } as const;
  return renderChart({
    title: `${metric} with noise in one band`,
    width: 270,
    height: 220,
    config: { legend: { orient: 'bottom' } },
    layer: [
      { data: { values: dots }, mark: { type: 'circle', size: 22, opacity: 1 }, encoding: { x, y, color } },
      {
        data: { values: means },
        mark: { type: 'line', strokeWidth: 1.6, point: { size: 46 } },
        encoding: { x, y, color },
      },
    ],
  } as TopLevelSpec);
}
