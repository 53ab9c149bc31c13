/** The paper's other state-space backbones, whose code is unpublished: MV_Hybrid's shell around published mixers. */
import type { HydraOptions, VimOptions } from '../nn/index.ts';
import { BlockStack } from './block-stack.ts';
import { halves } from './mv-hybrid.ts';
import type { StackConfig } from './stack-config.ts';

export interface RelativeOptions {
  readonly width?: number;
  readonly depth?: number;
  readonly patchPx?: number;
  readonly layerScale?: number;
  readonly dropPath?: number;
}

export interface VimEinFftOptions extends RelativeOptions {
  readonly vim?: Omit<VimOptions, 'layers'>;
}

export interface HydraEinFftOptions extends RelativeOptions {
  readonly hydra?: HydraOptions;
}

export interface HydraHybridOptions extends HydraEinFftOptions {
  readonly heads?: number;
}

const SHELL =
  'the shell of MV_Hybrid (LayerNorm, no position embedding, class token in the middle), 0.5 um per pixel';

function common({ width = 384, patchPx = 16, layerScale, dropPath = 0 }: RelativeOptions) {
  const scale = layerScale === undefined ? {} : { layerScale };
  return { width, patchPx, dropPath, heads: 6, ...scale } satisfies Partial<StackConfig>;
}

/** ViM_EinFFT: Vim's two-directional mixer with EinFFT in every block. */
export function vimEinFft({ depth = 24, vim = {}, ...rest }: VimEinFftOptions = {}): BlockStack {
  return new BlockStack({
    ...common(rest),
    name: 'vim-einfft',
    blocks: [{ mixer: 'vim', channelMixer: 'einfft', count: depth }],
    vim,
    known: 'the mixer and its initialisation (Vim v2, arXiv:2401.09417); that EinFFT mixes channels',
    inferred: `24 blocks; ${SHELL}`,
  });
}

/** Hydra_EinFFT: Hydra's quasi-separable mixer with EinFFT in every block. */
export function hydraEinFft({ depth = 24, hydra = {}, ...rest }: HydraEinFftOptions = {}): BlockStack {
  return new BlockStack({
    ...common(rest),
    name: 'hydra-einfft',
    blocks: [{ mixer: 'hydra', channelMixer: 'einfft', count: depth }],
    hydra,
    known: 'the mixer and its initialisation (Hydra, arXiv:2407.09941); that EinFFT mixes channels',
    inferred: `24 blocks; state 64, heads of 64, 7 taps; ${SHELL}`,
  });
}

/** Hydra_Hybrid: as MV_Hybrid, with Hydra's mixer in the first half. */
export function hydraHybrid({
  depth = 24,
  heads = 6,
  hydra = {},
  ...rest
}: HydraHybridOptions = {}): BlockStack {
  return new BlockStack({
    ...common(rest),
    name: 'hydra-hybrid',
    heads,
    blocks: halves(
      depth,
      { mixer: 'hydra', channelMixer: 'einfft' },
      { mixer: 'attention', channelMixer: 'mlp' },
    ),
    hydra,
    known: 'the mixer and its initialisation (Hydra, arXiv:2407.09941); a hybrid with attention',
    inferred: `12 + 12 blocks after MV_Hybrid; state 64, heads of 64, 7 taps; ${SHELL}`,
  });
}
