/** Layers with named parameters. */
export { Attention } from './attention.ts';
export { DepthwiseConv } from './depthwise-conv.ts';
export { EinFft } from './einfft.ts';
export { HydraMixer, type HydraOptions, hydraChunks } from './hydra-mixer.ts';
export * from './init.ts';
export { LayerNorm } from './layer-norm.ts';
export { LayerScale, layerScaleInit } from './layer-scale.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { MambaVisionMixer, type MambaVisionOptions } from './mamba-vision-mixer.ts';
export { Mlp } from './mlp.ts';
export { Module } from './module.ts';
export { PatchEmbed } from './patch-embed.ts';
export { type QuasiSeparable, quasiSeparableProduct } from './quasi-separable.ts';
export { RmsNorm } from './rms-norm.ts';
export { residual, subsetResidual } from './stochastic-depth.ts';
export { SwiGlu, swigluHidden } from './swiglu.ts';
export { timeStepBiasInit } from './time-step-init.ts';
export { VimMixer, type VimOptions } from './vim-mixer.ts';
