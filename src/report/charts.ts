/** Charts as SVG text, by Vega-Lite; no browser and no system fonts are needed to make them. */
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Colours that stay apart for colour-blind readers. @source Okabe and Ito 2008. */
export const SERIES_COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

const CONFIG: TopLevelSpec['config'] = {
  font: 'Helvetica, Arial, sans-serif',
  background: '#ffffff',
  axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal', gridColor: '#e6e8eb' },
  legend: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal' },
  title: { fontSize: 13, fontWeight: 'bold', anchor: 'start' },
  range: { category: SERIES_COLOURS },
  view: { stroke: null },
};

/** Renders a Vega-Lite specification. */
export async function renderChart(spec: TopLevelSpec): Promise<string> {
  const styled = { ...spec, config: { ...CONFIG, ...spec.config } } as TopLevelSpec;
  const view = new vega.View(vega.parse(compile(styled).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A named line. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly width?: number;
  readonly height?: number;
  /** Logarithmic vertical axis. */
  readonly logarithmic?: boolean;
  /** Logarithmic horizontal axis. */
  readonly logarithmicX?: boolean;
}

/** Lines over a common horizontal axis; points that are not finite are left out. */
export function lineChart(series: readonly Series[], options: LineChartOptions): Promise<string> {
  const {
    title,
    xTitle,
    yTitle,
    width = 460,
    height = 220,
    logarithmic = false,
    logarithmicX = false,
  } = options;
  const values = series.flatMap(({ name, points }) =>
    points.filter(({ y }) => Number.isFinite(y)).map(({ x, y }) => ({ name, x, y })),
  );
  return renderChart({
    title,
    width,
    height,
    data: { values },
    mark: { type: 'line', strokeWidth: 1.6 },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: xTitle,
        ...(logarithmicX ? { scale: { type: 'log' } } : {}),
      },
      y: {
        field: 'y',
        type: 'quantitative',
        title: yTitle,
        scale: logarithmic ? { type: 'log' } : { zero: false },
      },
      color:
        series.length > 1
          ? { field: 'name', type: 'nominal', title: null, sort: series.map(({ name }) => name) }
          : { value: SERIES_COLOURS[0]! },
    },
  });
}
