/** Tissue and patches as GeoJSON that QuPath opens. */
import type { Contour, Part } from '../tissue/contours.ts';

/** Colours of the classes, R, G, B. */
const COLOURS = {
  Tissue: [0, 114, 178],
  Patch: [0, 158, 115],
  Blurred: [230, 159, 0],
  Ink: [213, 94, 0],
} as const;

/** Class of a patch in the exported file. */
export type PatchClass = 'Patch' | 'Blurred' | 'Ink';

/** Patches to export; lengths in level-0 pixels. */
export interface GeojsonPatches {
  /** x0, y0, x1, y1, ...: upper left corners. */
  readonly corners: Float64Array;
  readonly sidePx: number;
  readonly classOf: (i: number) => PatchClass;
  /** Numbers of a patch, shown in QuPath's measurement table. */
  readonly measurementsOf: (i: number) => Readonly<Record<string, number>>;
}

/** Pieces of text of a FeatureCollection; joined they are the file. The text is made piece by piece. */
export function* geojsonText(parts: readonly Part[], patches: GeojsonPatches): Generator<string> {
  yield '{"type":"FeatureCollection","features":[\n';
  let separator = '';
  for (const { outline, holes } of parts) {
    const rings = [outline, ...holes].map(ringOf);
    const properties = { objectType: 'annotation', classification: classification('Tissue'), isLocked: true };
    yield separator + featureText(rings, properties);
    separator = ',\n';
  }
  const { corners, sidePx, classOf, measurementsOf } = patches;
  for (let i = 0; 2 * i < corners.length; i++) {
    const [x, y] = [corners[2 * i]!, corners[2 * i + 1]!];
    const [right, bottom] = [x + sidePx, y + sidePx];
    const ring = [
      [x, y],
      [right, y],
      [right, bottom],
      [x, bottom],
      [x, y],
    ];
    const measurements = measurementsOf(i);
    const properties = { objectType: 'tile', classification: classification(classOf(i)), measurements };
    yield separator + featureText([ring], properties);
    separator = ',\n';
  }
  yield '\n]}\n';
}

function classification(name: keyof typeof COLOURS): object {
  return { name, color: COLOURS[name] };
}

function featureText(coordinates: number[][][], properties: object): string {
  return JSON.stringify({ type: 'Feature', geometry: { type: 'Polygon', coordinates }, properties });
}

function ringOf({ points }: Contour): number[][] {
  const ring: number[][] = [];
  for (let i = 0; i < points.length; i += 2) ring.push([points[i]!, points[i + 1]!]);
  ring.push([points[0]!, points[1]!]);
  return ring;
}
