import type { CropBatch } from '../data/index.ts';
import {
  type Batch,
  type DinoV2,
  drawMasks,
  type MaskBatch,
  maskTensors,
  selectMasks,
  stepRandom,
} from '../ssl/index.ts';
import { scope, shareTensor, type Tensor, toDtype } from '../tensor/index.ts';

/**
 * Masks of this process's global crops. They are drawn for the images of all processes at once, from the run's seed, the
 * step and the micro-batch alone, so that a group hides the same patches as one process with the whole batch would
 * (the published code draws per process).
 */
function masksOf(images: number, { config, group, student, step }: DinoV2, index: number): MaskBatch {
  const side = config.crops.globalPx / student.backbone.card.patchPx;
  const random = stepRandom(config.seed, `masks/${index}`, step);
  const all = drawMasks(images * group.size, { rows: side, columns: side }, config.mask, random);
  // Crop-major rows; the loader deals image k of the whole batch to process k mod size.
  const own = Array.from({ length: images }, (_, row) => row * group.size + group.rank);
  return selectMasks(all, own, side * side);
}

/** What the loader made, as tensors of one step: crops (rounded to half precision where configured) and masks. */
export function batchOf(crops: CropBatch, model: DinoV2, index: number): Batch {
  const { config, device } = model;
  const images = crops.globalShape[0];
  const views = (values: Float32Array, shape: readonly number[]): Tensor =>
    scope(() => {
      const shared = shareTensor(values, shape);
      if (config.crops.imageDtype === 'float16') {
        const rounded = toDtype(shared, 'float16');
        rounded.moveTo(device);
        return rounded;
      }
      shared.moveTo(device);
      return shared;
    });
  return scope(() => ({
    globalCrops: views(crops.global, crops.globalShape),
    ...(config.crops.locals > 0 ? { localCrops: views(crops.local, crops.localShape) } : {}),
    ...maskTensors(masksOf(images, model, index), images, device),
  }));
}
