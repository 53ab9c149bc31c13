import { type Batch, maskTensors } from '../../src/ssl/index.ts';
import { cat, narrow, type Tensor, toFloat32Array } from '../../src/tensor/index.ts';

/** Images from..from+count of every view of crop-major rows. */
function imagesOf(rows: Tensor, views: number, from: number, count: number): Tensor {
  const images = rows.size(0) / views;
  return cat(Array.from({ length: views }, (_, view) => narrow(rows, 0, view * images + from, count)));
}

/** Cuts a batch into `parts` batches of as many images each, masks included. */
export function splitBatch(batch: Batch, parts: number): Batch[] {
  const images = batch.globalCrops.size(0) / 2;
  const count = images / parts;
  return Array.from({ length: parts }, (_, part) => {
    const of = (rows: Tensor, views: number): Tensor => imagesOf(rows, views, part * count, count);
    const bits = Uint8Array.from(toFloat32Array(of(batch.mask, 2)));
    const patches = batch.mask.size(1);
    const positions = Int32Array.from(bits.keys()).filter((i) => bits[i] === 1);
    const hiddenIn = (position: number): number => {
      const start = Math.floor(position / patches) * patches;
      return bits.subarray(start, start + patches).reduce((n, bit) => n + bit, 0);
    };
    const weights = Float32Array.from(positions, (position) => 1 / hiddenIn(position));
    const locals = batch.localCrops;
    return {
      globalCrops: of(batch.globalCrops, 2),
      ...(locals === undefined ? {} : { localCrops: of(locals, locals.size(0) / images) }),
      ...maskTensors({ mask: bits, positions, weights, upperBound: positions.length }, 2 * count),
    };
  });
}
