/** The charts of reports; narrow enough for a phone, several beside each other on a screen. */
import type { TopLevelSpec } from 'vega-lite';
import { renderChart, SERIES_COLOURS } from './charts.ts';

const WIDTH = 270;

/** A mean with its interval. */
export interface Bar {
  readonly group: string;
  readonly series: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** Grouped points with error bars: one group per metric, one colour per split. */
export function barChart(
  bars: readonly Bar[],
  title: string,
  yTitle: string,
  { width = WIDTH, labelAngle = 0 }: { readonly width?: number; readonly labelAngle?: number } = {},
): Promise<string> {
  const values = bars.filter(({ value }) => Number.isFinite(value));
  const order = [...new Set(values.map(({ series }) => series))];
  const offset = { field: 'series', sort: order } as const;
  const colour = { field: 'series', type: 'nominal', title: null, sort: order } as const;
  const x = { field: 'group', type: 'nominal', title: null, sort: null, axis: { labelAngle } } as const;
  return renderChart({
    title,
    width,
    height: 190,
    data: { values },
    config: { legend: { orient: 'bottom', direction: 'vertical', labelLimit: 250 } },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          x,
          xOffset: offset,
          y: { field: 'value', type: 'quantitative', title: yTitle },
          color: colour,
        },
      },
      {
        transform: [{ filter: 'isValid(datum.low)' }],
        mark: { type: 'rule', strokeWidth: 1.4 },
        encoding: {
          x,
          xOffset: offset,
          y: { field: 'low', type: 'quantitative', title: yTitle },
          y2: { field: 'high' },
        },
      },
    ],
  } as TopLevelSpec);
}

/** One gene with its correlation in every fold. */
export interface GeneDots {
  readonly gene: string;
  readonly mean: number;
  readonly folds: readonly number[];
}

/** Genes from top to bottom in the order given: faint dots per fold, a full one for the mean. */
export function geneDotChart(genes: readonly GeneDots[], title: string): Promise<string> {
  const folds = genes.flatMap(({ gene, folds: all }) =>
    all.filter(Number.isFinite).map((pcc) => ({ gene, pcc, what: 'one fold' })),
  );
  const means = genes.map(({ gene, mean }) => ({ gene, pcc: mean, what: 'mean over folds' }));
  return renderChart({
    title,
    width: WIDTH - 20,
    height: { step: 13 },
    config: { legend: { orient: 'bottom' }, axisY: { labelFontSize: 10, grid: true } },
    layer: [folds, means].map((values, i) => ({
      data: { values },
      mark: { type: 'circle', opacity: 1, size: i === 0 ? 20 : 46 },
      encoding: {
        y: { field: 'gene', type: 'nominal', sort: genes.map(({ gene }) => gene), title: null },
        x: {
          field: 'pcc',
          type: 'quantitative',
          title: 'PCC',
          axis: { tickCount: 5, labelOverlap: false },
        },
        color: {
          field: 'what',
          type: 'nominal',
          title: null,
          scale: { domain: ['mean over folds', 'one fold'], range: [SERIES_COLOURS[0]!, '#b6c2cd'] },
        },
      },
    })),
  } as TopLevelSpec);
}

/** How many values fall where, per series. */
export function histogram(
  series: readonly { readonly name: string; readonly values: readonly number[] }[],
  title: string,
  xTitle: string,
): Promise<string> {
  const values = series.flatMap(({ name, values: all }) =>
    all.filter(Number.isFinite).map((value) => ({ name, value })),
  );
  return renderChart({
    title,
    width: WIDTH,
    height: 190,
    data: { values },
    config: { legend: { orient: 'bottom', direction: 'vertical', labelLimit: 250 } },
    mark: { type: 'bar', opacity: series.length > 1 ? 0.6 : 1 },
    encoding: {
      x: {
        field: 'value',
        type: 'quantitative',
        bin: { maxbins: 24 },
        title: xTitle,
        axis: { tickCount: 6, labelOverlap: 'greedy' },
      },
      y: { aggregate: 'count', type: 'quantitative', title: 'genes', stack: null },
      color: { field: 'name', type: 'nominal', title: null, sort: series.map(({ name }) => name) },
    },
  } as TopLevelSpec);
}

/** A point of a scatter plot. */
export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** Points coloured by label; axes without numbers, since only neighbourhood has a meaning. */
export function scatterChart(points: readonly ScatterPoint[], title: string): Promise<string> {
  const labels = [...new Set(points.map(({ label }) => label))].sort();
  const round = (v: number) => Math.round(v * 100) / 100;
  const axis = { axis: null, scale: { zero: false, nice: false } };
  return renderChart({
    title,
    width: 330,
    height: 300,
    data: { values: points.map(({ x, y, label }) => ({ x: round(x), y: round(y), label })) },
    config: {
      view: { stroke: '#d0d7de' },
      legend: { orient: 'bottom', columns: 3, labelLimit: 96, symbolOpacity: 1 },
      range: { category: labels.length > SERIES_COLOURS.length ? { scheme: 'tableau20' } : SERIES_COLOURS },
    },
    mark: { type: 'circle', size: 12, opacity: 0.75 },
    encoding: {
      x: { field: 'x', type: 'quantitative', ...axis },
      y: { field: 'y', type: 'quantitative', ...axis },
      color: { field: 'label', type: 'nominal', title: null, sort: labels },
    },
  } as TopLevelSpec);
}

/** A curve that jumps, such as a survival curve. */
export function stepChart(
  series: readonly { readonly name: string; readonly points: readonly { x: number; y: number }[] }[],
  title: string,
  xTitle: string,
  yTitle: string,
): Promise<string> {
  return renderChart({
    title,
    width: WIDTH + 60,
    height: 220,
    data: { values: series.flatMap(({ name, points }) => points.map((point) => ({ name, ...point }))) },
    config: { legend: { orient: 'bottom' } },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 1.8 },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: xTitle },
      y: { field: 'y', type: 'quantitative', title: yTitle, scale: { domain: [0, 1] } },
      color: { field: 'name', type: 'nominal', title: null, sort: series.map(({ name }) => name) },
    },
  } as TopLevelSpec);
}

/** One line per depth of a network, coloured from the first to the last. */
export function depthChart(
  lines: readonly { readonly depth: number; readonly points: readonly { x: number; y: number }[] }[],
  title: string,
  xTitle: string,
  yTitle: string,
): Promise<string> {
  return renderChart({
    title,
    width: WIDTH,
    height: 220,
    data: { values: lines.flatMap(({ depth, points }) => points.map((point) => ({ depth, ...point }))) },
    config: { legend: { orient: 'bottom' } },
    mark: { type: 'line', strokeWidth: 1.3 },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: xTitle },
      y: { field: 'y', type: 'quantitative', title: yTitle, scale: { zero: false } },
      detail: { field: 'depth', type: 'nominal' },
      // Not a gradient: its identifier counts up, so that equal charts would not have equal bytes.
      color: {
        field: 'depth',
        type: 'quantitative',
        title: 'block',
        scale: { scheme: 'viridis' },
        legend: { type: 'symbol', symbolType: 'stroke', direction: 'horizontal', tickCount: 6 },
      },
    },
  } as TopLevelSpec);
}
