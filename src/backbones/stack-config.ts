/** A backbone as a list of (mixer, channel mixer) pairs: the configuration and the layers that its words stand for. */
import {
  Attention,
  EinFft,
  HydraMixer,
  type HydraOptions,
  MambaVisionMixer,
  type MambaVisionOptions,
  Mlp,
  type Module,
  SwiGlu,
  swigluHidden,
  VimMixer,
  type VimOptions,
} from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';

/** Anything that maps [B, L, width] to the same shape. */
export interface SequenceLayer extends Module {
  forward(x: Tensor): Tensor;
}

/** What passes information between tokens. */
export type MixerKind = 'mamba-vision' | 'vim' | 'hydra' | 'attention';
/** What passes information between channels. */
export type ChannelMixerKind = 'einfft' | 'mlp' | 'swiglu';

/** `count` equal blocks; default 1. */
export interface BlockSpec {
  readonly mixer: MixerKind;
  readonly channelMixer: ChannelMixerKind;
  readonly count?: number;
}

/** Everything that decides a {@link BlockStack}. */
export interface StackConfig {
  readonly name: string;
  readonly width: number;
  /** Attention heads. */
  readonly heads: number;
  readonly patchPx: number;
  /** From the first block to the last. */
  readonly blocks: readonly BlockSpec[];
  /** Initial value of a learned factor per channel on both branches; absent: none. */
  readonly layerScale?: number;
  /** Stochastic depth of the last block; earlier blocks scale linearly down to 0. */
  readonly dropPath: number;
  readonly mambaVision?: MambaVisionOptions;
  readonly vim?: Omit<VimOptions, 'layers'>;
  readonly hydra?: HydraOptions;
  /** What its authors published about it. */
  readonly known: string;
  /** What was chosen here. */
  readonly inferred: string;
}

/** One entry per block. */
export function expandBlocks(blocks: readonly BlockSpec[]): BlockSpec[] {
  return blocks.flatMap((spec) => Array.from({ length: spec.count ?? 1 }, () => spec));
}

type Maker = (config: StackConfig, depth: number) => SequenceLayer;

const MIXERS: Readonly<Record<MixerKind, Maker>> = {
  'mamba-vision': ({ width, mambaVision }) => new MambaVisionMixer(width, mambaVision),
  vim: ({ width, vim }, depth) => new VimMixer(width, { ...vim, layers: depth }),
  hydra: ({ width, hydra }) => new HydraMixer(width, hydra),
  attention: ({ width, heads }) => new Attention(width, heads),
};

const CHANNEL_MIXERS: Readonly<Record<ChannelMixerKind, Maker>> = {
  einfft: ({ width }) => new EinFft(width),
  mlp: ({ width }) => new Mlp(width, 4 * width),
  swiglu: ({ width }) => new SwiGlu(width, swigluHidden(4 * width)),
};

/** Words of a configuration. */
export const MIXER_KINDS = Object.keys(MIXERS) as readonly MixerKind[];
export const CHANNEL_MIXER_KINDS = Object.keys(CHANNEL_MIXERS) as readonly ChannelMixerKind[];

/** The two layers of one block of a stack with `depth` blocks. */
export function layersOf(
  { mixer, channelMixer }: BlockSpec,
  config: StackConfig,
  depth: number,
): { readonly mixer: SequenceLayer; readonly channelMixer: SequenceLayer } {
  return { mixer: MIXERS[mixer](config, depth), channelMixer: CHANNEL_MIXERS[channelMixer](config, depth) };
}
