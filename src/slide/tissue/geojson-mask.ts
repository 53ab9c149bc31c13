/** Tissue outlines that were drawn elsewhere: GeoJSON as QuPath writes it. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataError, UsageError } from '../../errors.ts';
import { oneLine } from '../pixels.ts';
import type { Contour, Part } from './contours.ts';
import type { Tissue } from './segment.ts';

/** Options of {@link readGeojsonTissue}. */
export interface GeojsonOptions {
  /** Names of classes to use; by default all features. Features without a class go by the name `unclassified`. */
  readonly classes?: readonly string[];
}

const position = z.array(z.number()).min(2);
const ring = z.array(position).min(4);
const polygon = z.object({ type: z.literal('Polygon'), coordinates: z.array(ring).min(1) });
const multiPolygon = z.object({
  type: z.literal('MultiPolygon'),
  coordinates: z.array(z.array(ring).min(1)),
});
const otherGeometry = z.object({
  type: z.enum(['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'GeometryCollection']),
});
const geometry = z.discriminatedUnion('type', [polygon, multiPolygon, otherGeometry]);
const classification = z.union([z.string(), z.object({ name: z.string() })]);
const feature = z.object({
  type: z.literal('Feature'),
  geometry,
  properties: z.object({ classification: classification.nullish() }).nullish(),
});
const collection = z.object({ type: z.literal('FeatureCollection'), features: z.array(feature) });
const document = z.union([collection, z.array(feature), feature, polygon, multiPolygon]);

type Feature = z.infer<typeof feature>;

/**
 * Reads polygons in level-0 pixels: a FeatureCollection, a list of features, one feature, or a bare Polygon or
 * MultiPolygon. The first ring of a polygon is its outline, further ones are holes.
 *
 * @throws UsageError if there is no readable file or a named class does not occur.
 * @throws DataError  if the file is no GeoJSON or a feature is no polygon.
 * @source RFC 7946 (structure; coordinates here are pixels, as QuPath exports them).
 */
export async function readGeojsonTissue(path: string, options: GeojsonOptions = {}): Promise<Tissue> {
  const features = await readFeatures(path);
  const found = [...new Set(features.map(className))];
  const missing = options.classes?.find((name) => !found.includes(name));
  if (missing !== undefined) {
    throw new UsageError('readGeojsonTissue', {
      need: `class "${missing}" in ${path}`,
      found:
        found.length === 0 ? 'no features' : `the classes ${found.map((name) => `"${name}"`).join(', ')}`,
      next: 'name one of these',
    });
  }
  const used = features.filter(
    (f) => options.classes === undefined || options.classes.includes(className(f)),
  );
  const parts = used.flatMap((one) => polygonsOf(path, one));
  const drawn = { parts, offsetX: 0, offsetY: 0, origin: `${used.length} outlines of ${path}` };
  return parts.length > 0 ? drawn : { ...drawn, reason: `${path} holds no polygon` };
}

async function readFeatures(path: string): Promise<Feature[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const need = 'a GeoJSON file with tissue outlines';
    throw new UsageError('readGeojsonTissue', { need, found: `nothing readable at ${path}`, cause });
  });
  try {
    const parsed = document.parse(JSON.parse(text));
    if (Array.isArray(parsed)) return parsed;
    if (parsed.type === 'FeatureCollection') return parsed.features;
    return [parsed.type === 'Feature' ? parsed : { type: 'Feature', geometry: parsed }];
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    throw new DataError('readGeojsonTissue', {
      need: 'GeoJSON with Polygon or MultiPolygon features',
      found: `${path} (${issue === undefined ? oneLine(cause) : `${issue.message} at ${issue.path.join('.')}`})`,
      next: 'export the annotations again as GeoJSON',
      cause,
    });
  }
}

function className({ properties }: Feature): string {
  const name = properties?.classification;
  if (typeof name === 'string') return name;
  return name?.name ?? 'unclassified';
}

function polygonsOf(path: string, one: Feature): Part[] {
  const { geometry: shape } = one;
  if (shape.type === 'Polygon') return [partFrom(shape.coordinates)];
  if (shape.type === 'MultiPolygon') return shape.coordinates.map(partFrom);
  throw new DataError('readGeojsonTissue', {
    need: `areas (Polygon or MultiPolygon) in ${path}`,
    found: `a ${shape.type} of class ${className(one)}`,
    next: 'select the classes that are areas, or remove it from the file',
  });
}

function partFrom(rings: readonly (readonly (readonly number[])[])[]): Part {
  const [outline, ...holes] = rings.map(contourFrom);
  return { outline: outline!, holes };
}

/** A ring repeats its first point at the end; a contour does not. */
function contourFrom(points: readonly (readonly number[])[]): Contour {
  const first = points[0]!;
  const last = points.at(-1)!;
  const open = first[0] === last[0] && first[1] === last[1] ? points.slice(0, -1) : points;
  return { points: Float64Array.from(open.flatMap(([x, y]) => [x!, y!])) };
}
