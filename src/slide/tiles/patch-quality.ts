/** Numbers that describe each patch of a grid: tissue, ink, focus. */
import { laplacianVariance } from '../tissue/focus.ts';
import { INK_MPP, inkMask } from '../tissue/ink.ts';
import { AreaSums, rasterize } from '../tissue/rasterize.ts';
import type { Tissue } from '../tissue/segment.ts';
import type { WholeSlide } from '../whole-slide.ts';
import type { Corner } from './grid.ts';
import { readTiles, type TileGrid } from './read-tiles.ts';
import type { PlanOptions } from './tile-options.ts';

/** Largest mask that shares are measured on; its sums take 64 MB. */
const MAX_MASK_PIXELS = 2 ** 24;
/** A patch is at least so many pixels of the mask wide, where the limit above allows. */
const MASK_PX_PER_PATCH = 64;

/** Share of each patch that is tissue; what lies outside the slide is not. */
export function tissueShares(
  slide: WholeSlide,
  tissue: Tissue,
  corners: readonly Corner[],
  sidePx: number,
): Float64Array {
  const { widthPx, heightPx } = slide;
  const finest = Math.sqrt((widthPx * heightPx) / MAX_MASK_PIXELS);
  const scale = Math.max(1, finest, sidePx / MASK_PX_PER_PATCH);
  const width = Math.max(1, Math.floor(widthPx / scale));
  const height = Math.max(1, Math.floor(heightPx / scale));
  const { parts, offsetX, offsetY } = tissue;
  const size = { width, height, scaleX: widthPx / width, scaleY: heightPx / height, offsetX, offsetY };
  return sharesOf(new AreaSums(rasterize(parts, size)), size, corners, sidePx);
}

/** Share of each patch that has a colour of ink, seen at about {@link INK_MPP} um per pixel. */
export async function inkShares(
  slide: WholeSlide,
  corners: readonly Corner[],
  sidePx: number,
): Promise<Float64Array> {
  const { widthPx, heightPx } = slide;
  if (corners.length === 0) return new Float64Array();
  // Where the pixel size is not known, scans of 20x to 40x are assumed.
  const wanted = INK_MPP / (slide.mpp ?? 0.35);
  const scale = Math.max(1, wanted, Math.sqrt((widthPx * heightPx) / MAX_MASK_PIXELS));
  const size = {
    widthPx: Math.max(1, Math.round(widthPx / scale)),
    heightPx: Math.max(1, Math.round(heightPx / scale)),
  };
  const picture = await slide.readScaled({ x: 0, y: 0, width: widthPx, height: heightPx }, size);
  const scales = { scaleX: widthPx / size.widthPx, scaleY: heightPx / size.heightPx };
  return sharesOf(new AreaSums(inkMask(picture)), scales, corners, sidePx);
}

function sharesOf(
  sums: AreaSums,
  { scaleX, scaleY }: { scaleX: number; scaleY: number },
  corners: readonly Corner[],
  sidePx: number,
): Float64Array {
  return Float64Array.from(corners, ({ x, y }) =>
    sums.share(x / scaleX, y / scaleY, (x + sidePx) / scaleX, (y + sidePx) / scaleY),
  );
}

/** Focus of each patch as it would be delivered; reads them all. */
export async function focusOf(
  slide: WholeSlide,
  grid: TileGrid,
  { signal, onProgress }: PlanOptions,
): Promise<Float64Array> {
  const total = grid.corners.length / 2;
  const focus = new Float64Array(total);
  for await (const { index, pixels } of readTiles(slide, grid, signal === undefined ? {} : { signal })) {
    focus[index] = laplacianVariance(pixels, grid.sizePx, grid.sizePx);
    onProgress?.({ step: 'focus', done: index + 1, total });
  }
  return focus;
}
