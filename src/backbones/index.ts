/** Image encoders and the features taken from them. */
export { Backbone, type ForwardOptions, type Tokens } from './backbone.ts';
export { type BackboneCard, HE_COLOURS } from './card.ts';
export { embed, type FeatureKind, features, featureWidth, imagesFromRgb } from './features.ts';
export { attends, MvHybrid, MvHybridBlock, type MvHybridOptions } from './mv-hybrid.ts';
export { type BackboneRequest, type OpenBackbone, openBackbone } from './open-backbone.ts';
export { fitPositionEmbedding } from './position-embedding.ts';
export { BACKBONE_NAMES, type BackboneOptions, backboneOptionNames, createBackbone } from './registry.ts';
export { Vit, VitBlock, type VitOptions } from './vit.ts';
