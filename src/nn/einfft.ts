import { ShapeError } from '../errors.ts';
import { cat, einfft, neg, select, type Tensor } from '../tensor/index.ts';
import { normalInit } from './init.ts';
import { Module } from './module.ts';

/** Soft threshold on the spectrum's real and imaginary parts. */
export const SPARSITY_THRESHOLD = 0.01;

/** Complex matrix as a real one acting on [re | im] rows: [2, K, w, w] -> [K, 2w, 2w]. */
function realMatrix(complex: Tensor): Tensor {
  const [re, im] = [select(complex, 0, 0), select(complex, 0, 1)];
  return cat([cat([re, im], { dim: 2 }), cat([neg(im), re], { dim: 2 })], { dim: 1 });
}

/** Complex bias as a real one on [re | im]: [2, K, w] -> [K, 2w]. */
function realBias(complex: Tensor): Tensor {
  return cat([select(complex, 0, 0), select(complex, 0, 1)], { dim: 1 });
}

/**
 * Channel mixing in the frequency domain: a two-layer complex network applied to each frequency of the transform
 * over tokens and channel blocks; only the real part of the result is kept.
 *
 * With X = FFT2(x) over (token, block):  y = Re IFFT2( softshrink( W2 relu(W1 X + b1) + b2 ) ),  relu and
 * softshrink on real and imaginary part separately.
 *
 * @source SiMBA, arXiv:2403.15360; options as in the published MV_Hybrid.
 */
export class EinFft extends Module {
  readonly blocks: number;
  readonly weight1: Tensor;
  readonly weight2: Tensor;
  readonly bias1: Tensor;
  readonly bias2: Tensor;

  constructor(width: number, blocks = 4) {
    super();
    if (width % blocks !== 0) {
      throw new ShapeError('EinFFT', {
        need: `a width that is a multiple of ${blocks}`,
        found: `width ${width}`,
      });
    }
    this.blocks = blocks;
    const w = width / blocks;
    this.weight1 = this.parameter('complex_weight_1', [2, blocks, w, w], normalInit(0.02));
    this.weight2 = this.parameter('complex_weight_2', [2, blocks, w, w], normalInit(0.02));
    this.bias1 = this.parameter('complex_bias_1', [2, blocks, w], normalInit(0.02));
    this.bias2 = this.parameter('complex_bias_2', [2, blocks, w], normalInit(0.02));
  }

  /** @param x [B, L, width] @returns the same shape */
  forward(x: Tensor): Tensor {
    const [first, second] = [realMatrix(this.weight1), realMatrix(this.weight2)];
    return einfft(x, first, realBias(this.bias1), second, realBias(this.bias2), SPARSITY_THRESHOLD);
  }
}
