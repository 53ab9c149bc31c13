import { LayerNorm, layerScaleInit, Module, residual } from '../nn/index.ts';
import { mul, type Tensor } from '../tensor/index.ts';
import type { ForwardOptions } from './backbone.ts';
import type { SequenceLayer } from './stack-config.ts';

export interface MixerBlockOptions {
  /** Initial value of a learned factor per channel on both branches; absent: none. */
  readonly layerScale?: number | undefined;
  /** Probability that a branch is dropped in training. */
  readonly dropRate?: number;
}

/** x += gamma1 * mixer(norm1(x));  x += gamma2 * channel_mixer(norm2(x)). */
export class MixerBlock extends Module {
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly mixer: SequenceLayer;
  readonly channelMixer: SequenceLayer;
  readonly gamma1: Tensor | undefined;
  readonly gamma2: Tensor | undefined;
  readonly dropRate: number;

  constructor(
    width: number,
    mixer: SequenceLayer,
    channelMixer: SequenceLayer,
    { layerScale, dropRate = 0 }: MixerBlockOptions = {},
  ) {
    super();
    if (layerScale !== undefined) {
      this.gamma1 = this.parameter('gamma_1', [width], layerScaleInit(layerScale));
      this.gamma2 = this.parameter('gamma_2', [width], layerScaleInit(layerScale));
    }
    this.norm1 = this.child('norm1', new LayerNorm(width, 1e-5));
    this.mixer = this.child('mixer', mixer);
    this.norm2 = this.child('norm2', new LayerNorm(width, 1e-5));
    this.channelMixer = this.child('channel_mixer', channelMixer);
    this.dropRate = dropRate;
  }

  /** @param x [B, L, width] */
  forward(x: Tensor, { rng }: ForwardOptions = {}): Tensor {
    const scaled = (y: Tensor, gamma: Tensor | undefined): Tensor =>
      gamma === undefined ? y : mul(y, gamma);
    const mixed = residual(
      x,
      (t) => scaled(this.mixer.forward(this.norm1.forward(t)), this.gamma1),
      this.dropRate,
      rng,
    );
    return residual(
      mixed,
      (t) => scaled(this.channelMixer.forward(this.norm2.forward(t)), this.gamma2),
      this.dropRate,
      rng,
    );
  }
}
