import { ShapeError } from '../errors.ts';
import { LayerNorm, PatchEmbed, truncatedNormalInit, zerosInit } from '../nn/index.ts';
import { type Tensor, unsqueeze, where } from '../tensor/index.ts';
import { Backbone, type ForwardOptions, runBlock, type Tokens } from './backbone.ts';
import { type BackboneCard, HE_COLOURS } from './card.ts';
import { insertMiddle, splitMiddle } from './middle-token.ts';
import { MixerBlock } from './mixer-block.ts';
import { NestedBlocks } from './module-list.ts';
import { expandBlocks, layersOf, type StackConfig } from './stack-config.ts';

/** The blocks of a configuration, stochastic depth growing linearly over them. */
function blocksOf(config: StackConfig): MixerBlock[] {
  const specs = expandBlocks(config.blocks);
  return specs.map((spec, i) => {
    const { mixer, channelMixer } = layersOf(spec, config, specs.length);
    const dropRate = specs.length > 1 ? (config.dropPath * i) / (specs.length - 1) : 0;
    return new MixerBlock(config.width, mixer, channelMixer, { layerScale: config.layerScale, dropRate });
  });
}

/**
 * A stack of blocks of one width, each a token mixer and a channel mixer; no position embedding; the class token sits
 * in the middle of the sequence. MV_Hybrid and its relatives differ only in the list of blocks.
 *
 * @source MV_Hybrid, arXiv:2508.00383; parameter names as in its published class.
 */
export class BlockStack extends Backbone {
  readonly config: StackConfig;
  readonly card: BackboneCard;
  readonly clsToken: Tensor;
  readonly maskToken: Tensor;
  readonly patchEmbed: PatchEmbed;
  readonly blocks: readonly MixerBlock[];
  readonly norm: LayerNorm;

  constructor(config: StackConfig) {
    super();
    const { name, width, patchPx, dropPath, known, inferred } = config;
    if (dropPath < 0 || dropPath >= 1)
      throw new ShapeError(name, { need: 'dropPath in [0, 1)', found: `${dropPath}` });
    this.config = config;
    this.card = { name, width, patchPx, imagePx: 256, mpp: 0.5, ...HE_COLOURS, known, inferred };
    this.clsToken = this.parameter('cls_token', [1, 1, width], truncatedNormalInit());
    this.maskToken = this.parameter('mask_token', [1, width], zerosInit);
    this.patchEmbed = this.child('patch_embed', new PatchEmbed(width, patchPx));
    this.blocks = this.child('blocks', new NestedBlocks(blocksOf(config))).items;
    this.norm = this.child('norm', new LayerNorm(width, 1e-5));
  }

  override forward(images: Tensor, options: ForwardOptions = {}): Tokens {
    let tokens = this.patchEmbed.forward(images); // [B, n, width]
    if (options.mask !== undefined) tokens = where(unsqueeze(options.mask, 2), this.maskToken, tokens);
    let x = insertMiddle(tokens, this.clsToken);
    for (const [i, block] of this.blocks.entries()) {
      x = runBlock(block, x, options);
      options.onBlock?.(i, x);
    }
    return splitMiddle(this.norm.forward(x));
  }
}
