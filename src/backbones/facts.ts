import type { Backbone } from './backbone.ts';
import { BlockStack } from './block-stack.ts';
import { backboneFlops, blockCount, totalFlops } from './flops.ts';
import { BACKBONE_NAMES, createBackbone } from './registry.ts';
import { Vim } from './vim.ts';
import { Vit } from './vit.ts';

/** What one backbone is and costs, at its default size. */
export interface BackboneFacts {
  readonly name: string;
  readonly blocks: number;
  /** The blocks in words, e.g. `12 x (mamba-vision + einfft)`. */
  readonly layout: string;
  readonly width: number;
  readonly parameters: number;
  /** Operations per image of this side, see flops.ts for what counts. */
  readonly gflops: { readonly px224: number; readonly px256: number };
  readonly known: string;
  readonly inferred: string;
}

function layoutOf(backbone: Backbone): string {
  if (backbone instanceof BlockStack)
    return backbone.config.blocks
      .filter(({ count }) => count !== 0)
      .map(({ mixer, channelMixer, count = 1 }) => `${count} x (${mixer} + ${channelMixer})`)
      .join(', ');
  if (backbone instanceof Vit) return `${backbone.blocks.length} x (attention + mlp)`;
  if (backbone instanceof Vim) return `${backbone.layers.length} x vim`;
  return `${blockCount(backbone)} blocks`;
}

/** Facts about a backbone that exists. */
export function describeBackbone(backbone: Backbone): BackboneFacts {
  const { name, width, known, inferred } = backbone.card;
  const gflops = (px: number): number => totalFlops(backboneFlops(backbone, px)) / 1e9;
  return {
    name,
    blocks: blockCount(backbone),
    layout: layoutOf(backbone),
    width,
    parameters: backbone.parameterCount(),
    gflops: { px224: gflops(224), px256: gflops(256) },
    known,
    inferred,
  };
}

/** Facts about every named backbone, built one after the other. */
export function describeBackbones(): BackboneFacts[] {
  return BACKBONE_NAMES.map((name) => {
    const backbone = createBackbone(name);
    try {
      return describeBackbone(backbone);
    } finally {
      backbone.dispose();
    }
  });
}
