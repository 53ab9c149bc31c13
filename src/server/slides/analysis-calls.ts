/** What the analysis thread does: work of seconds that nothing else should wait for. */
import { UMAP } from 'umap-js';
import type { TissueOutline } from '../../contract/index.ts';
import { Rng } from '../../core/rng.ts';
import { laplacianVariance, type WholeSlide } from '../../slide/index.ts';
import { type Contour, contourArea, scaleContour } from '../../slide/tissue/contours.ts';
import { PolygonIndex } from '../../slide/tissue/polygon-index.ts';
import { tissueSettings } from '../../slide/tissue/presets.ts';
import { segmentPicture } from '../../slide/tissue/segment.ts';
import type { AnalysisCalls } from '../threads/calls.ts';
import { OpenSlides } from './open-slides.ts';

/** Side of the picture that is segmented. */
const OUTLINE_PX = 1024;
/** CLAM's limits of area are meant for scans of this pixel size; coarser pictures get their share of them. */
const PRESET_MPP = 0.5;
/** Focus is measured as `tile` does by default: 112 um at 224 px. */
const FOCUS = { sideUm: 112, sizePx: 224, patches: 48 } as const;

/** Without the points in the middle of straight stretches. */
function ringOf({ points }: Contour): [number, number][] {
  const at = (i: number): [number, number] => {
    const k = ((i + points.length / 2) % (points.length / 2)) * 2;
    return [points[k]!, points[k + 1]!];
  };
  const ring: [number, number][] = [];
  for (let i = 0; i < points.length / 2; i++) {
    const [[ax, ay], [bx, by], [cx, cy]] = [at(i - 1), at(i), at(i + 1)];
    if ((bx - ax) * (cy - by) !== (by - ay) * (cx - bx)) ring.push([bx, by]);
  }
  return ring;
}

async function outlineOf(slide: WholeSlide): Promise<TissueOutline> {
  const picture = await slide.readThumbnail(OUTLINE_PX);
  const scale = { x: slide.widthPx / picture.widthPx, y: slide.heightPx / picture.heightPx };
  const preset = tissueSettings('biopsy');
  const refPatchPx = preset.refPatchPx * Math.min(1, PRESET_MPP / (slide.mpp ?? PRESET_MPP));
  const { parts } = segmentPicture(picture, scale, { ...preset, refPatchPx });
  let area = 0;
  for (const { outline, holes } of parts)
    area += contourArea(outline) - holes.reduce((sum, hole) => sum + contourArea(hole), 0);
  const ring = (contour: Contour) => ringOf(scaleContour(contour, scale.x, scale.y));
  return {
    parts: parts.map(({ outline, holes }) => [outline, ...holes].map(ring)),
    share: Math.min(1, area / (picture.widthPx * picture.heightPx)),
  };
}

function shareOver({ parts }: TissueOutline, positions: Float32Array): number {
  const indexes = parts.map((rings) =>
    rings
      .filter(({ length }) => length > 0)
      .map((ring) => new PolygonIndex({ points: Float64Array.from(ring.flat()) })),
  );
  let inside = 0;
  for (let i = 0; i < positions.length; i += 2) {
    const [x, y] = [positions[i]!, positions[i + 1]!];
    const isOver = indexes.some(([outline, ...holes]) => {
      return outline !== undefined && outline.side(x, y) >= 0 && holes.every((hole) => hole.side(x, y) <= 0);
    });
    if (isOver) inside++;
  }
  return positions.length === 0 ? 0 : inside / (positions.length / 2);
}

async function medianFocus(slide: WholeSlide, positions: Float32Array): Promise<number | null> {
  const count = positions.length / 2;
  if (slide.mpp === undefined || count === 0) return null;
  const side = Math.max(1, Math.round(FOCUS.sideUm / slide.mpp));
  const found: number[] = [];
  const step = Math.max(1, count / FOCUS.patches);
  for (let i = 0; i < count; i += step) {
    const k = 2 * Math.floor(i);
    const [x, y] = [positions[k]! - side / 2, positions[k + 1]! - side / 2];
    const region = { x: Math.round(x), y: Math.round(y), width: side, height: side };
    const size = { widthPx: FOCUS.sizePx, heightPx: FOCUS.sizePx };
    const { pixels } = await slide.readScaled(region, size);
    found.push(laplacianVariance(pixels, FOCUS.sizePx, FOCUS.sizePx));
  }
  found.sort((a, b) => a - b);
  const middle = (found.length - 1) / 2;
  return (found[Math.floor(middle)]! + found[Math.ceil(middle)]!) / 2;
}

/** @source McInnes et al., arXiv:1802.03426; the same places for the same vectors. */
function project(data: Float32Array, width: number): Float32Array {
  const rows = Array.from({ length: data.length / width }, (_, r) =>
    Array.from(data.subarray(r * width, (r + 1) * width)),
  );
  const rng = new Rng('projection');
  const nNeighbors = Math.min(15, rows.length - 1);
  const places = new UMAP({ nComponents: 2, nNeighbors, random: () => rng.uniform() }).fit(rows);
  return Float32Array.from(places.flat());
}

export function analysisCalls(): AnalysisCalls {
  const slides = new OpenSlides();
  return {
    tissue: async (file) => outlineOf(await slides.get(file)),
    overTissue: async ({ outline, positions }) => shareOver(outline, positions),
    focus: async ({ slide, positions }) => medianFocus(await slides.get(slide), positions),
    project: async ({ data, width }) => project(data, width),
  };
}
