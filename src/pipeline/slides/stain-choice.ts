/** Stain normalisation of a slide's patches: one fit per slide, so that patches keep their differences. */
import { UsageError } from '../../errors.ts';
import {
  fitMacenko,
  fitReinhard,
  type MacenkoFit,
  normalizeMacenko,
  normalizeReinhard,
  openSlide,
  planTiles,
  type ReinhardFit,
  readTile,
  type TileGrid,
  type WholeSlide,
} from '../../slide/index.ts';

/** Ways to normalise stain. */
export const STAIN_METHODS = ['macenko', 'reinhard'] as const;

/** One of {@link STAIN_METHODS}. */
export type StainMethod = (typeof STAIN_METHODS)[number];

/** What patches are brought to; plain data, fit for a thread. */
export type StainTarget =
  | { readonly method: 'macenko'; readonly target: MacenkoFit }
  | { readonly method: 'reinhard'; readonly target: ReinhardFit };

/** A target and the fit of the slide that is brought to it. */
export type StainTransform =
  | { readonly method: 'macenko'; readonly source: MacenkoFit; readonly target: MacenkoFit }
  | { readonly method: 'reinhard'; readonly source: ReinhardFit; readonly target: ReinhardFit };

/** Patches that a slide is fitted on, evenly spread over its list. */
const FIT_PATCHES = 32;
/** Side of the level-0 squares that a target is fitted on. */
const TARGET_PATCH_PX = 224;

/**
 * Default targets: what {@link stainTarget} makes of OpenSlide's freely usable test slide CMU-1-Small-Region.svs
 * (Aperio, 20x, a common H&E).
 */
export const DEFAULT_TARGETS: { readonly macenko: MacenkoFit; readonly reinhard: ReinhardFit } = {
  macenko: {
    haematoxylin: [0.80039818, 0.52240789, 0.29402849],
    eosin: [0.15897378, 0.91347509, 0.37455387],
    maxHaematoxylin: 2.71756939,
    maxEosin: 2.58696203,
  },
  reinhard: {
    space: 'lab',
    mean: [59.06653211, 22.25001113, -9.4543506],
    std: [26.51707077, 16.3162021, 10.31721498],
  },
};

/** Pixels of some patches of a list, one after the other. */
async function samplePixels(slide: WholeSlide, grid: TileGrid): Promise<Uint8Array> {
  const count = grid.corners.length / 2;
  const some = Math.min(FIT_PATCHES, count);
  const pixels = new Uint8Array(3 * grid.sizePx ** 2 * some);
  for (let i = 0; i < some; i++) {
    const patch = await readTile(slide, grid, Math.floor(((i + 0.5) * count) / some));
    pixels.set(patch, 3 * grid.sizePx ** 2 * i);
  }
  return pixels;
}

/**
 * The target that a picture or slide gives: fitted on squares of its tissue, or on all of it where it is small.
 *
 * @param path without one, {@link DEFAULT_TARGETS}.
 * @throws UsageError or DataError where it cannot be read or shows no two stains.
 */
export async function stainTarget(method: StainMethod, path?: string): Promise<StainTarget> {
  if (path === undefined) return { method, target: DEFAULT_TARGETS[method] } as StainTarget;
  const slide = await openSlide(path);
  try {
    const plan = await planTiles(slide, { patchPx: TARGET_PATCH_PX, edges: 'inside', minTissueShare: 0.5 });
    const isSmall = plan.corners.length === 0;
    const pixels = isSmall
      ? (await slide.readThumbnail(1024)).pixels
      : await samplePixels(slide, { ...plan.size, corners: plan.corners });
    return method === 'macenko'
      ? { method, target: fitMacenko(pixels) }
      : { method, target: fitReinhard(pixels) };
  } finally {
    await slide.close();
  }
}

/** How this slide's patches reach the target. */
export async function stainTransform(
  slide: WholeSlide,
  grid: TileGrid,
  wish: StainTarget,
): Promise<StainTransform> {
  const pixels = await samplePixels(slide, grid);
  if (wish.method === 'macenko') return { ...wish, source: fitMacenko(pixels) };
  return { ...wish, source: fitReinhard(pixels, wish.target.space) };
}

/** One patch in the target's colours. */
export function normalizeStain(pixels: Uint8Array, transform: StainTransform): Uint8Array {
  return transform.method === 'macenko'
    ? normalizeMacenko(pixels, transform.source, transform.target)
    : normalizeReinhard(pixels, transform.source, transform.target);
}

/** @throws UsageError for a target without a method. */
export function checkStain(method: StainMethod | undefined, target: string | undefined): void {
  if (target === undefined || method !== undefined) return;
  throw new UsageError('stain', {
    need: 'a method for the stain target',
    found: 'none',
    next: `add --stain ${STAIN_METHODS.join(' or --stain ')}`,
  });
}
