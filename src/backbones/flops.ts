/**
 * Floating-point operations of one image, counted from layer shapes; a multiplication and an addition are two.
 *
 * Counted: matrix products (linear layers, attention's scores and mixing, the patch projection, EinFFT's complex
 * layers at 8 per complex multiply-add and its transform over tokens as a plain DFT product, Hydra's matrices within
 * and between chunks), the selective scan (9 per channel, state and token), depthwise convolutions. Left out: norms,
 * softmax, activations, residual additions, EinFFT's transform over four blocks.
 */
import { UsageError } from '../errors.ts';
import {
  Attention,
  EinFft,
  HydraMixer,
  hydraChunks,
  MambaVisionMixer,
  Mlp,
  type Module,
  SwiGlu,
  VimMixer,
} from '../nn/index.ts';
import type { Backbone } from './backbone.ts';
import { BlockStack } from './block-stack.ts';
import { Vim } from './vim.ts';
import { Vit } from './vit.ts';

/** Operations by kind. */
export interface Flops {
  /** Dense matrix products. */
  readonly products: number;
  /** Selective scans. */
  readonly scans: number;
  /** Depthwise convolutions. */
  readonly convolutions: number;
}

const SCAN_FLOPS = 9;
const DIRECTIONS = 2;

/** All kinds together. */
export function totalFlops({ products, scans, convolutions }: Flops): number {
  return products + scans + convolutions;
}

/** Sum of several. */
export function addFlops(parts: readonly Flops[]): Flops {
  const total = (of: (part: Flops) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
  return {
    products: total((part) => part.products),
    scans: total((part) => part.scans),
    convolutions: total((part) => part.convolutions),
  };
}

/** x [rows, inputs] W [inputs, outputs]. */
export function productFlops(rows: number, inputs: number, outputs: number): number {
  return 2 * rows * inputs * outputs;
}

/** q k^T and its product with v, all heads together as wide as the model. */
export function attentionFlops(length: number, width: number): number {
  return 2 * productFlops(length, width, length);
}

/** EinFFT: transform there and back, two complex layers per block. */
export function einfftFlops(length: number, width: number, blocks = 4): number {
  const transforms = 2 * 2 * productFlops(length, length, width);
  const blockWidth = width / blocks;
  return transforms + 2 * blocks * 4 * productFlops(length, blockWidth, blockWidth);
}

/** The scan of `channels` channels with `states` states each. */
export function scanFlops(length: number, channels: number, states: number): number {
  return SCAN_FLOPS * length * channels * states;
}

const only = (products: number): Flops => ({ products, scans: 0, convolutions: 0 });

function mambaVisionFlops({ inProj, half, states, rank, convX }: MambaVisionMixer, length: number): Flops {
  const width = inProj.weight.size(1);
  return {
    products:
      productFlops(length, width, 2 * half) +
      productFlops(length, half, rank + 2 * states) +
      productFlops(length, rank, half) +
      productFlops(length, 2 * half, width),
    scans: scanFlops(length, half, states),
    convolutions: 2 * length * 2 * half * convX.weight.size(2),
  };
}

function vimFlops({ inProj, inner, states, rank, taps }: VimMixer, length: number): Flops {
  const width = inProj.weight.size(1);
  const direction = productFlops(length, inner, rank + 2 * states) + productFlops(length, rank, inner);
  return {
    products:
      productFlops(length, width, 2 * inner) + DIRECTIONS * direction + productFlops(length, inner, width),
    scans: DIRECTIONS * scanFlops(length, inner, states),
    convolutions: DIRECTIONS * 2 * length * inner * taps,
  };
}

function hydraFlops(mixer: HydraMixer, length: number): Flops {
  const { inProj, inner, states, taps, heads, headWidth, groups } = mixer;
  const [rows, width] = inProj.weight.shape as [number, number];
  const { chunks, chunk } = hydraChunks(length);
  const scores = DIRECTIONS * groups * productFlops(chunk, states, chunk);
  const within = heads * productFlops(chunk, chunk, headWidth);
  // Into the state and out of it.
  const between = chunks > 1 ? DIRECTIONS * 2 * heads * productFlops(chunk, states, headWidth) : 0;
  return {
    products:
      productFlops(length, width, rows) +
      chunks * (scores + within + between) +
      productFlops(length, inner, heads) +
      productFlops(length, inner, width),
    scans: 0,
    convolutions: 2 * length * (inner + 4 * groups * states) * taps,
  };
}

/**
 * One layer over `length` tokens.
 *
 * @throws UsageError for a layer of another kind.
 */
export function layerFlops(layer: Module, length: number): Flops {
  if (layer instanceof MambaVisionMixer) return mambaVisionFlops(layer, length);
  if (layer instanceof VimMixer) return vimFlops(layer, length);
  if (layer instanceof HydraMixer) return hydraFlops(layer, length);
  if (layer instanceof EinFft)
    return only(einfftFlops(length, layer.blocks * layer.bias1.size(2), layer.blocks));
  if (layer instanceof Attention) {
    const width = layer.proj.weight.size(0);
    return only(productFlops(length, width, 4 * width) + attentionFlops(length, width));
  }
  if (layer instanceof Mlp) {
    const [hidden, width] = layer.fc1.weight.shape as [number, number];
    return only(2 * productFlops(length, width, hidden));
  }
  if (layer instanceof SwiGlu) {
    const [hidden, width] = layer.w12.weight.shape as [number, number];
    return only(productFlops(length, width, hidden) + productFlops(length, hidden / 2, width));
  }
  throw new UsageError('operation count', {
    need: 'a mixer or channel mixer of this package',
    found: layer.constructor.name,
  });
}

/** The layers that are counted, from the first block to the last. */
function layersIn(backbone: Backbone): Module[] {
  if (backbone instanceof BlockStack)
    return backbone.blocks.flatMap(({ mixer, channelMixer }) => [mixer, channelMixer]);
  if (backbone instanceof Vit) return backbone.blocks.flatMap(({ attn, mlp }) => [attn, mlp]);
  if (backbone instanceof Vim) return backbone.layers.map(({ mixer }) => mixer);
  throw new UsageError('operation count', {
    need: 'a backbone of this package',
    found: backbone.constructor.name,
  });
}

/** Blocks of a backbone, each one mixer with or without a channel mixer. */
export function blockCount(backbone: Backbone): number {
  return backbone instanceof Vim ? backbone.layers.length : layersIn(backbone).length / 2;
}

/** One square image of side `imagePx` through a whole backbone. */
export function backboneFlops(backbone: Backbone, imagePx: number): Flops {
  const { patchPx, width } = backbone.card;
  const patches = (imagePx / patchPx) ** 2;
  const embedding = only(productFlops(patches, 3 * patchPx * patchPx, width));
  return addFlops([embedding, ...layersIn(backbone).map((layer) => layerFlops(layer, patches + 1))]);
}
