/**
 * Useful floating-point operations, computed from layer shapes.
 *
 * Only matrix products count, a multiplication and an addition as two: linear layers, scores and mixing of attention,
 * the patch projection, EinFFT's complex products (8 per complex multiply-add), and its transform over tokens as a
 * plain DFT product of a real signal (each way two real L x L products). Element-wise work, norms, softmax,
 * convolutions over four taps, the selective scan and the transform over four blocks are left out. The engine's own
 * transform needs half of what is counted for it, as the spectrum of a real signal is symmetric.
 */
import { attends } from '../backbones/index.ts';

/** Sizes of a backbone; those of MV_Hybrid-S and ViT-S are the defaults. */
export interface BackboneShape {
  readonly width?: number;
  readonly depth?: number;
  readonly patchPx?: number;
  readonly imagePx?: number;
}

const EINFFT_BLOCKS = 4;
const STATES = 16;

/** x [rows, inputs] W [inputs, outputs]. */
export function productFlops(rows: number, inputs: number, outputs: number): number {
  return 2 * rows * inputs * outputs;
}

/** q k^T and its product with v, all heads together as wide as the model. */
export function attentionFlops(length: number, width: number): number {
  return 2 * productFlops(length, width, length);
}

/** Transform there and back, two complex layers per block. */
export function einfftFlops(length: number, width: number): number {
  const transforms = 2 * 2 * productFlops(length, length, width);
  const blockWidth = width / EINFFT_BLOCKS;
  const complexProduct = 4 * productFlops(length, blockWidth, blockWidth);
  return transforms + 2 * EINFFT_BLOCKS * complexProduct;
}

/** The mixer's four projections. */
export function mambaVisionFlops(length: number, width: number): number {
  const rank = Math.ceil(width / 16);
  return (
    productFlops(length, width, 2 * width) +
    productFlops(length, width, rank + 2 * STATES) +
    productFlops(length, rank, width) +
    productFlops(length, 2 * width, width)
  );
}

/** qkv, attention, output projection, MLP of four times the width. */
function attentionBlockFlops(length: number, width: number): number {
  return (
    productFlops(length, width, 3 * width) +
    attentionFlops(length, width) +
    productFlops(length, width, width) +
    2 * productFlops(length, width, 4 * width)
  );
}

function tokensOf({ width = 384, depth, patchPx = 16, imagePx = 256 }: BackboneShape, fallback: number) {
  const patches = (imagePx / patchPx) ** 2;
  const embedding = productFlops(patches, 3 * patchPx * patchPx, width);
  return { width, depth: depth ?? fallback, length: patches + 1, embedding };
}

/** One image through MV_Hybrid; 20.4 GFLOP at the defaults. */
export function mvHybridFlops(shape: BackboneShape = {}): number {
  const { width, depth, length, embedding } = tokensOf(shape, 24);
  let total = embedding;
  for (let i = 0; i < depth; i++)
    total += attends(i, depth)
      ? attentionBlockFlops(length, width)
      : mambaVisionFlops(length, width) + einfftFlops(length, width);
  return total;
}

/** One image through the ViT; 12.3 GFLOP at the defaults. */
export function vitFlops(shape: BackboneShape = {}): number {
  const { width, depth, length, embedding } = tokensOf(shape, 12);
  return embedding + depth * attentionBlockFlops(length, width);
}
