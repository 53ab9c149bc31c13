/** Image encoders and the features taken from them. */
export { Backbone, type ForwardOptions, type Tokens } from './backbone.ts';
export { BlockStack } from './block-stack.ts';
export { type BackboneCard, HE_COLOURS } from './card.ts';
export { type CustomOptions, customBackbone } from './custom.ts';
export { type BackboneFacts, describeBackbone, describeBackbones } from './facts.ts';
export { embed, type FeatureKind, features, featureWidth, imagesFromRgb } from './features.ts';
export {
  addFlops,
  attentionFlops,
  backboneFlops,
  blockCount,
  einfftFlops,
  type Flops,
  layerFlops,
  productFlops,
  scanFlops,
  totalFlops,
} from './flops.ts';
export { middleOf } from './middle-token.ts';
export { MixerBlock, type MixerBlockOptions } from './mixer-block.ts';
export { attends, MvHybrid, type MvHybridOptions } from './mv-hybrid.ts';
export { type BackboneRequest, type OpenBackbone, openBackbone } from './open-backbone.ts';
export { fitMiddlePositions, fitPositionEmbedding } from './position-embedding.ts';
export {
  BACKBONE_NAMES,
  type BackboneOptions,
  backboneOptionNames,
  CUSTOM_BACKBONE,
  createBackbone,
} from './registry.ts';
export {
  type HydraEinFftOptions,
  type HydraHybridOptions,
  hydraEinFft,
  hydraHybrid,
  type VimEinFftOptions,
  vimEinFft,
} from './relatives.ts';
export {
  type BlockSpec,
  CHANNEL_MIXER_KINDS,
  type ChannelMixerKind,
  MIXER_KINDS,
  type MixerKind,
  type SequenceLayer,
  type StackConfig,
} from './stack-config.ts';
export { Vim, type VimBackboneOptions, VimLayer } from './vim.ts';
export { Vit, VitBlock, type VitOptions } from './vit.ts';
