/** From an open slide to the list of its patches. */
import { requireMpp } from '../mpp/mpp-table.ts';
import type { Part } from '../tissue/contours.ts';
import { readGeojsonTissue } from '../tissue/geojson-mask.ts';
import { readMaskTissue } from '../tissue/mask-image.ts';
import { segmentTissue, type Tissue } from '../tissue/segment.ts';
import type { WholeSlide } from '../whole-slide.ts';
import { type Corner, type GridSpec, partGrid, slideGrid } from './grid.ts';
import { focusOf, inkShares, tissueShares } from './patch-quality.ts';
import { needsMpp, type PatchSize, patchSize } from './patch-size.ts';
import { checkPlanOptions, type PlanOptions, type TissueChoice } from './tile-options.ts';

/** How many patches there were and what became of them. */
export interface PatchCounts {
  /** On the grid and by the rule. */
  readonly candidates: number;
  /** Left out for too little tissue. */
  readonly littleTissue: number;
  /** Among those with enough tissue: flagged, whether kept or dropped. */
  readonly ink: number;
  readonly blurred: number;
  readonly kept: number;
}

/** Patches of a slide. Arrays run over the kept patches. */
export interface TilePlan {
  readonly tissue: Tissue;
  readonly size: PatchSize;
  /** x0, y0, x1, y1, ...: upper left corners, level-0 pixels. */
  readonly corners: Float64Array;
  /** Share of tissue in each patch, 0 to 1. */
  readonly tissueShare: Float32Array;
  /** Share of ink in each patch, 0 to 1. */
  readonly inkShare: Float32Array;
  /** Variance of the Laplacian of each patch, where it was asked for. */
  readonly focus?: Float32Array;
  readonly counts: PatchCounts;
  /** Why there is no patch; absent where there are some. */
  readonly reason?: string;
}

/**
 * Finds tissue, lays the grid and measures the patches. No tissue is no error: see `reason`.
 *
 * @throws UsageError for options that do not fit; DataError if the slide cannot be read, or its pixel size is
 *         needed and not certain; the signal's reason if it is aborted.
 */
export async function planTiles(slide: WholeSlide, options: PlanOptions): Promise<TilePlan> {
  checkPlanOptions(options);
  const { minTissueShare = 0, maxInkShare = 0.2, minFocus, drop = [], signal, onProgress } = options;
  const mpp = needsMpp(options) ? requireMpp(slide.path, slide.mppTable) : undefined;
  const size = patchSize(options, mpp);
  signal?.throwIfAborted();
  const tissue = await findTissue(slide, options.tissue ?? { from: 'segmentation' });
  onProgress?.({ step: 'tissue', done: 1, total: 1 });
  signal?.throwIfAborted();
  const candidates = layGrid(slide, tissue.parts, size, options);
  const shares = tissueShares(slide, tissue, candidates, size.sidePx);
  const covered = candidates.map((_, i) => i).filter((i) => shares[i]! >= minTissueShare);
  onProgress?.({ step: 'grid', done: covered.length, total: candidates.length });
  const corners = covered.map((i) => candidates[i]!);
  const ink = await inkShares(slide, corners, size.sidePx);
  const grid = { corners: flat(corners), sidePx: size.sidePx, sizePx: size.sizePx };
  const focus = minFocus === undefined ? undefined : await focusOf(slide, grid, options);
  const isInk = (i: number) => ink[i]! > maxInkShare;
  const isBlurred = (i: number) => focus !== undefined && focus[i]! < minFocus!;
  const places = corners.map((_, i) => i);
  const kept = places.filter(
    (i) => !(drop.includes('ink') && isInk(i)) && !(drop.includes('blurred') && isBlurred(i)),
  );
  const counts: PatchCounts = {
    candidates: candidates.length,
    littleTissue: candidates.length - covered.length,
    ink: places.filter(isInk).length,
    blurred: places.filter(isBlurred).length,
    kept: kept.length,
  };
  const reason = kept.length > 0 ? undefined : whyNone(tissue, counts, size);
  return {
    tissue,
    size,
    corners: flat(kept.map((i) => corners[i]!)),
    tissueShare: Float32Array.from(kept, (i) => shares[covered[i]!]!),
    inkShare: Float32Array.from(kept, (i) => ink[i]!),
    ...(focus === undefined ? {} : { focus: Float32Array.from(kept, (i) => focus[i]!) }),
    counts,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Tissue by the choice of the user. */
export async function findTissue(slide: WholeSlide, choice: TissueChoice): Promise<Tissue> {
  switch (choice.from) {
    case 'geojson':
      return readGeojsonTissue(choice.path, choice);
    case 'mask':
      return readMaskTissue(choice.path, slide);
    case 'whole slide': {
      const { widthPx: right, heightPx: bottom } = slide;
      const points = Int32Array.of(0, 0, right, 0, right, bottom, 0, bottom);
      const parts = [{ outline: { points }, holes: [] }];
      return { parts, offsetX: 0, offsetY: 0, origin: 'the whole slide' };
    }
    default:
      return segmentTissue(slide, choice);
  }
}

function layGrid(slide: WholeSlide, parts: readonly Part[], size: PatchSize, options: PlanOptions): Corner[] {
  const spec: GridSpec = {
    sidePx: size.sidePx,
    stepPx: size.stepPx,
    rule: options.rule ?? 'four_pt',
    padEdges: options.edges !== 'inside',
    slideWidthPx: slide.widthPx,
    slideHeightPx: slide.heightPx,
  };
  return options.grid === 'slide' ? slideGrid(parts, spec) : parts.flatMap((part) => partGrid(part, spec));
}

function flat(corners: readonly Corner[]): Float64Array {
  const out = new Float64Array(2 * corners.length);
  for (const [i, { x, y }] of corners.entries()) {
    out[2 * i] = x;
    out[2 * i + 1] = y;
  }
  return out;
}

function whyNone(tissue: Tissue, counts: PatchCounts, { sidePx }: PatchSize): string {
  if (tissue.reason !== undefined) return tissue.reason;
  if (counts.candidates === 0)
    return `no patch of ${sidePx} x ${sidePx} level-0 pixels fits the ${tissue.parts.length} pieces of tissue`;
  if (counts.littleTissue === counts.candidates)
    return `all ${counts.candidates} patches hold too little tissue; lower minTissueShare`;
  return `all patches were dropped (${counts.ink} with ink, ${counts.blurred} blurred)`;
}
