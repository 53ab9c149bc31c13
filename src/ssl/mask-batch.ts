import type { Rng } from '../core/rng.ts';
import { blockMask, type Grid } from './block-mask.ts';

export interface MaskOptions {
  /** Share of images that get a mask at all. */
  readonly probability: number;
  /** Smallest and largest share of patches hidden in such an image. */
  readonly ratio: readonly [number, number];
}

/** Masks of all global crops of a batch. */
export interface MaskBatch {
  /** images * patches, 1 where hidden. */
  readonly mask: Uint8Array;
  /** Flat positions of the hidden patches in `mask`, ascending. */
  readonly positions: Int32Array;
  /** Per hidden patch: 1 / (hidden patches in its image). */
  readonly weights: Float32Array;
  /** Bound on the number of hidden patches that the drawn shares allow; known before any mask is drawn. */
  readonly upperBound: number;
}

/** Flattens masks and lists what they hide. */
function listHidden(masks: readonly Uint8Array[], patches: number, upperBound: number): MaskBatch {
  const mask = new Uint8Array(masks.length * patches);
  const positions: number[] = [];
  const weights: number[] = [];
  for (const [image, one] of masks.entries()) {
    mask.set(one, image * patches);
    const hidden = one.reduce((n, bit) => n + bit, 0);
    for (const [patch, bit] of one.entries()) {
      if (bit === 0) continue;
      positions.push(image * patches + patch);
      weights.push(1 / hidden);
    }
  }
  return { mask, positions: Int32Array.from(positions), weights: Float32Array.from(weights), upperBound };
}

/**
 * Masks for `images` global crops: floor(images * probability) of them are masked, the i-th of these by a share drawn
 * from the i-th of equal slices of `ratio`, so that every batch covers the whole range; then masked and unmasked
 * images are shuffled.
 *
 * @source DINOv2, arXiv:2304.07193 (published collate function).
 */
export function drawMasks(
  images: number,
  grid: Grid,
  { probability, ratio: [low, high] }: MaskOptions,
  random: Pick<Rng, 'uniform' | 'integer' | 'shuffle'>,
): MaskBatch {
  const patches = grid.rows * grid.columns;
  const masked = Math.floor(images * probability);
  const edge = (i: number): number => low + ((high - low) * i) / masked;
  const masks: Uint8Array[] = [];
  let upperBound = 0;
  for (let i = 0; i < masked; i++) {
    const share = random.uniform(edge(i), edge(i + 1));
    masks.push(blockMask(grid, Math.trunc(patches * share), random));
    upperBound += Math.trunc(patches * edge(i + 1));
  }
  while (masks.length < images) masks.push(new Uint8Array(patches));
  return listHidden(random.shuffle(masks), patches, upperBound);
}

/** The masks of some of the images, in the order given; for a process that holds part of a larger batch. */
export function selectMasks(
  { mask, upperBound }: MaskBatch,
  images: readonly number[],
  patches: number,
): MaskBatch {
  const chosen = images.map((image) => mask.subarray(image * patches, (image + 1) * patches));
  return listHidden(chosen, patches, upperBound);
}
