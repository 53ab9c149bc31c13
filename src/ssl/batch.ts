/** From the crops of several images to the tensors of one training step. */
import type { Rng } from '../core/rng.ts';
import { ShapeError } from '../errors.ts';
import { type Device, scope, type Tensor, tensor, toDtype } from '../tensor/index.ts';
import { drawMasks, type MaskBatch, type MaskOptions } from './mask-batch.ts';

/** Crops of one image, each 3 * side * side normalised values, channel-major. */
export interface Crops {
  /** Two large views. */
  readonly global: readonly Float32Array[];
  readonly local: readonly Float32Array[];
}

/** What one process sees in one step. The caller's scope owns the tensors. */
export interface Batch {
  /** [2 * B, 3, H, W]: the first view of every image, then the second. */
  readonly globalCrops: Tensor;
  /** [locals * B, 3, h, w], view by view likewise; absent without local views. */
  readonly localCrops?: Tensor;
  /** bool [2 * B, n]: patches hidden from the student. */
  readonly mask: Tensor;
  /** int64 [M]: flat positions of the hidden patches in `mask`. */
  readonly maskedPositions: Tensor;
  /** float32 [M]: 1 / (hidden patches in that patch's image). */
  readonly maskedWeights: Tensor;
}

export interface CollateOptions {
  readonly globalPx: number;
  readonly localPx: number;
  readonly patchPx: number;
  readonly mask: MaskOptions;
  /** Images are rounded to this; the model computes in float32. */
  readonly imageDtype: 'float16' | 'float32';
  readonly device?: Device;
}

/** Crop v of all images, for v = 0, 1, ...; the images follow each other within a view. */
function stackViews(views: readonly (readonly Float32Array[])[], side: number, kind: string): Float32Array {
  const count = views[0]?.length ?? 0;
  const length = 3 * side * side;
  const all = new Float32Array(count * views.length * length);
  for (const [image, crops] of views.entries()) {
    if (crops.length !== count || crops.some((crop) => crop.length !== length)) {
      throw new ShapeError('collate', {
        need: `${count} ${kind} crops of 3 x ${side} x ${side} values in every image`,
        found: `lengths ${crops.map((crop) => crop.length).join(', ')} in image ${image}`,
      });
    }
    for (const [view, crop] of crops.entries()) all.set(crop, (view * views.length + image) * length);
  }
  return all;
}

function imageTensor(
  values: Float32Array,
  side: number,
  { imageDtype, device = 'cpu' }: CollateOptions,
): Tensor {
  return scope(() => {
    const crops = tensor(values, [values.length / (3 * side * side), 3, side, side], { device });
    return imageDtype === 'float32' ? crops : toDtype(crops, imageDtype);
  });
}

/** The mask tensors of a batch. */
export function maskTensors(
  { mask, positions, weights }: MaskBatch,
  images: number,
  device: Device = 'cpu',
): Pick<Batch, 'mask' | 'maskedPositions' | 'maskedWeights'> {
  const count = positions.length;
  return {
    mask: tensor(mask, [images, mask.length / images], { dtype: 'bool', device }),
    maskedPositions: tensor(BigInt64Array.from(positions, BigInt), [count], { device }),
    maskedWeights: tensor(weights, [count], { device }),
  };
}

/**
 * Stacks the crops of B images view by view and draws the masks of the global crops.
 *
 * @throws ShapeError when there are not two global crops per image, or images differ in number or size of crops.
 */
export function collate(images: readonly Crops[], options: CollateOptions, random: Rng): Batch {
  if (images[0]?.global.length !== 2) {
    throw new ShapeError('collate', {
      need: 'at least one image with 2 global crops',
      found: images.length === 0 ? 'no image' : `${images[0]!.global.length} global crops`,
    });
  }
  const { globalPx, localPx, patchPx, mask, device = 'cpu' } = options;
  const side = Math.floor(globalPx / patchPx);
  const globals = stackViews(
    images.map(({ global }) => global),
    globalPx,
    'global',
  );
  const locals = stackViews(
    images.map(({ local }) => local),
    localPx,
    'local',
  );
  const crops = 2 * images.length;
  return {
    globalCrops: imageTensor(globals, globalPx, options),
    ...(locals.length === 0 ? {} : { localCrops: imageTensor(locals, localPx, options) }),
    ...maskTensors(drawMasks(crops, { rows: side, columns: side }, mask, random), crops, device),
  };
}
