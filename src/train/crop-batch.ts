import type { CropBatch } from '../data/index.ts';
import { type Batch, type DinoV2, drawMasks, maskTensors, stepRandom } from '../ssl/index.ts';
import { scope, shareTensor, type Tensor, toDtype } from '../tensor/index.ts';

/**
 * What the loader made, as tensors of one step: crops (rounded to half precision where configured, as published) and
 * the masks of the global ones. Masks are drawn from the run's seed, the step and the micro-batch alone.
 */
export function batchOf(crops: CropBatch, model: DinoV2, index: number): Batch {
  const { config, device, group, student, step } = model;
  const side = config.crops.globalPx / student.backbone.card.patchPx;
  const images = crops.globalShape[0];
  const random = stepRandom(config.seed, `masks/${index}`, step, group.rank);
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
    ...maskTensors(drawMasks(images, { rows: side, columns: side }, config.mask, random), images, device),
  }));
}
