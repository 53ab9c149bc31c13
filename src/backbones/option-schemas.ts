/** What each family of backbones may be told. */
import { z } from 'zod';
import { CHANNEL_MIXER_KINDS, type ChannelMixerKind, MIXER_KINDS, type MixerKind } from './stack-config.ts';

const count = z.int().positive();
const rate = z.number().min(0).max(0.99);

const sizes = { width: count, depth: count, dropPath: rate };
const mamba = { states: count, taps: count, expand: count };
const vim = z.strictObject({ ...mamba, divideOut: z.boolean() }).partial();
const hydra = z.strictObject({ ...mamba, headWidth: count, groups: count }).partial();

export const mvHybridOptions = z
  .strictObject({
    ...sizes,
    heads: count,
    einfft: z.boolean(),
    einfftMambaOnly: z.boolean(),
    layerScale: z.number(),
  })
  .partial();

export const vitOptions = z
  .strictObject({
    ...sizes,
    heads: count,
    ffn: z.enum(['mlp', 'swiglu']),
    layerScale: z.number().nullable(),
  })
  .partial();

export const vimEinFftOptions = z.strictObject({ ...sizes, layerScale: z.number(), vim }).partial();
export const hydraEinFftOptions = z.strictObject({ ...sizes, layerScale: z.number(), hydra }).partial();
export const hydraHybridOptions = z
  .strictObject({ ...sizes, heads: count, layerScale: z.number(), hydra })
  .partial();
export const vimOptions = z.strictObject({ ...sizes, imagePx: count, maskToken: z.boolean(), vim }).partial();

const block = z.strictObject({
  mixer: z.enum(MIXER_KINDS as [MixerKind, ...MixerKind[]]),
  channelMixer: z.enum(CHANNEL_MIXER_KINDS as [ChannelMixerKind, ...ChannelMixerKind[]]),
  count: count.optional(),
});

export const customOptions = z.strictObject({
  blocks: z.array(block).min(1),
  label: z.string().min(1).optional(),
  width: count.optional(),
  heads: count.optional(),
  patchPx: count.optional(),
  dropPath: rate.optional(),
  layerScale: z.number().optional(),
  mambaVision: z.strictObject(mamba).partial().optional(),
  vim: vim.optional(),
  hydra: hydra.optional(),
});
