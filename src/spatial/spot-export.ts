/** Values of spots for other programs: a table as CSV, shapes as GeoJSON (QuPath). */
import { type Matrix, matrixRow } from '../core/matrix.ts';
import { ShapeError, UsageError } from '../errors.ts';
import type { Spot } from './types.ts';

/** Spots with named values, row i of `values` belonging to spot i. */
export interface SpotValues {
  readonly spots: readonly Spot[];
  /** Name of every column of `values`, e.g. genes. */
  readonly names: readonly string[];
  /** Spots x names; NaN where there is no value. */
  readonly values: Matrix;
}

function check(operation: string, { spots, names, values }: SpotValues): void {
  if (values.rows === spots.length && values.cols === names.length) return;
  throw new ShapeError(operation, {
    need: `values of ${spots.length} spots x ${names.length} names`,
    found: `${values.rows} x ${values.cols}`,
  });
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * One line per spot: `barcode,x,y` (centre, level-0 pixels), then the values; empty where there is none. Numbers are
 * written in full, so that reading them gives the same ones.
 *
 * @throws ShapeError when sizes do not fit.
 */
export function spotsToCsv(table: SpotValues): string {
  check('spotsToCsv', table);
  const lines = table.spots.map(({ barcode, x, y }, i) => {
    const values = Array.from(matrixRow(table.values, i), (value) => (Number.isNaN(value) ? '' : `${value}`));
    return [quoted(barcode), x, y, ...values].join(',');
  });
  return `${[['barcode', 'x', 'y', ...table.names.map(quoted)].join(','), ...lines].join('\n')}\n`;
}

export interface GeoJsonOptions {
  /** Draw circles of this diameter (level-0 pixels) as polygons; default points. */
  readonly diameterPx?: number;
  /** Corners of the polygon of a circle; default 24. */
  readonly corners?: number;
}

function ring(x: number, y: number, radius: number, corners: number): [number, number][] {
  const points = Array.from({ length: corners }, (_, i): [number, number] => {
    const angle = (2 * Math.PI * i) / corners;
    return [round(x + radius * Math.cos(angle)), round(y + radius * Math.sin(angle))];
  });
  return [...points, points[0]!];
}

/** Hundredths of a pixel are finer than any spot is placed. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * A GeoJSON FeatureCollection in level-0 pixels that QuPath imports: circles as detections, points as annotations, the
 * barcode as name, the values as measurements. Values that are not finite are left out, as JSON has none.
 *
 * @throws ShapeError when sizes do not fit; UsageError for a diameter not above 0 or fewer than 3 corners.
 */
export function spotsToGeoJson(table: SpotValues, options: GeoJsonOptions = {}): string {
  check('spotsToGeoJson', table);
  const { diameterPx, corners = 24 } = options;
  if ((diameterPx !== undefined && !(diameterPx > 0)) || !Number.isInteger(corners) || corners < 3) {
    throw new UsageError('spotsToGeoJson', {
      need: 'a diameter above 0 and 3 or more corners',
      found: `${diameterPx} and ${corners}`,
    });
  }
  const features = table.spots.map(({ barcode, x, y }, i) => {
    const row = matrixRow(table.values, i);
    const pairs = table.names.flatMap((name, c) =>
      Number.isFinite(row[c]) ? [[name, row[c]!] as const] : [],
    );
    const geometry =
      diameterPx === undefined
        ? { type: 'Point', coordinates: [round(x), round(y)] }
        : { type: 'Polygon', coordinates: [ring(x, y, diameterPx / 2, corners)] };
    const objectType = diameterPx === undefined ? 'annotation' : 'detection';
    const properties = { objectType, name: barcode, measurements: Object.fromEntries(pairs) };
    return JSON.stringify({ type: 'Feature', geometry, properties });
  });
  return `{"type":"FeatureCollection","features":[\n${features.join(',\n')}\n]}\n`;
}
