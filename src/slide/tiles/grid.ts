/** Regular grids of patches over tissue. */
import { UsageError } from '../../errors.ts';
import { boundsOf, type Part } from '../tissue/contours.ts';
import { PolygonIndex } from '../tissue/polygon-index.ts';

/**
 * Which patches of the grid belong to a piece of tissue: any or all of four points at the centre +- a quarter
 * of the side, the centre, the upper left corner, or all in its bounding box. Points on the outline count.
 */
export const KEEP_RULES = ['four_pt', 'four_pt_hard', 'center', 'basic', 'box'] as const;

/** One of {@link KEEP_RULES}. */
export type KeepRule = (typeof KEEP_RULES)[number];

/** Corner of a patch, level-0 pixels. */
export interface Corner {
  readonly x: number;
  readonly y: number;
}

/** A grid of square patches; lengths in level-0 pixels. */
export interface GridSpec {
  readonly sidePx: number;
  readonly stepPx: number;
  readonly rule: KeepRule;
  /** Whether patches may reach over the right and lower border of the slide. */
  readonly padEdges: boolean;
  readonly slideWidthPx: number;
  readonly slideHeightPx: number;
}

/**
 * Patches of one piece of tissue as CLAM places them: the grid starts at the bounding box of the outline,
 * x is the outer loop. A patch whose centre lies inside a hole (not on its border) is left out.
 *
 * @source Lu et al. 2021 (CLAM).
 */
export function partGrid(part: Part, spec: GridSpec): Corner[] {
  const box = boundsOf(part.outline);
  return candidates(spec, box).filter(insidePart(part, spec));
}

/**
 * Patches of all pieces on one grid that starts at the slide's corner: each place occurs once, whatever the
 * number of pieces it touches. x is the outer loop.
 */
export function slideGrid(parts: readonly Part[], spec: GridSpec): Corner[] {
  const found = new Map<number, Corner>();
  for (const part of parts) {
    const { x, y, width, height } = boundsOf(part.outline);
    // Places up to one side before the box still touch it.
    const start = (low: number) =>
      Math.max(0, Math.floor((low - spec.sidePx) / spec.stepPx + 1) * spec.stepPx);
    const [left, top] = [start(x), start(y)];
    const box = { x: left, y: top, width: x + width - left, height: y + height - top };
    for (const corner of candidates(spec, box).filter(insidePart(part, spec)))
      found.set(corner.x * 2 ** 25 + corner.y, corner);
  }
  return [...found.values()].sort((a, b) => a.x - b.x || a.y - b.y);
}

function candidates(
  { sidePx, stepPx, padEdges, slideWidthPx, slideHeightPx }: GridSpec,
  box: { x: number; y: number; width: number; height: number },
): Corner[] {
  if (![sidePx, stepPx].every((n) => Number.isInteger(n) && n >= 1)) {
    throw new UsageError('partGrid', {
      need: 'a side and a step of at least one level-0 pixel',
      found: `side ${sidePx}, step ${stepPx}`,
      next: 'use a larger patch or less overlap',
    });
  }
  const end = (start: number, length: number, slide: number) =>
    padEdges ? Math.min(start + length, slide) : Math.min(start + length, slide - sidePx + 1);
  const right = end(box.x, box.width, slideWidthPx);
  const bottom = end(box.y, box.height, slideHeightPx);
  const corners: Corner[] = [];
  for (let x = box.x; x < right; x += stepPx) {
    for (let y = box.y; y < bottom; y += stepPx) corners.push({ x, y });
  }
  return corners;
}

function insidePart({ outline, holes }: Part, { sidePx, rule }: GridSpec): (corner: Corner) => boolean {
  const tissue = new PolygonIndex(outline);
  const empty = holes.map((hole) => new PolygonIndex(hole));
  const half = Math.floor(sidePx / 2);
  const quarter = Math.floor(half / 2);
  const isIn = (x: number, y: number) => tissue.side(x, y) >= 0;
  const four = (x: number, y: number) =>
    [-quarter, quarter].flatMap((dx) => [-quarter, quarter].map((dy) => isIn(x + dx, y + dy)));
  const keeps: Record<KeepRule, (x: number, y: number) => boolean> = {
    four_pt: (x, y) => four(x + half, y + half).includes(true),
    four_pt_hard: (x, y) => !four(x + half, y + half).includes(false),
    center: (x, y) => isIn(x + half, y + half),
    basic: isIn,
    box: () => true,
  };
  const keep = keeps[rule];
  return ({ x, y }) => keep(x, y) && !empty.some((hole) => hole.side(x + sidePx / 2, y + sidePx / 2) > 0);
}
