import { ShapeError } from '../errors.ts';
import {
  Attention,
  LayerNorm,
  LayerScale,
  Mlp,
  Module,
  normalInit,
  PatchEmbed,
  residual,
  SwiGlu,
  subsetResidual,
  swigluHidden,
  truncatedNormalInit,
  zerosInit,
} from '../nn/index.ts';
import { add, cat, expand, narrow, reshape, select, type Tensor, unsqueeze, where } from '../tensor/index.ts';
import { Backbone, type ForwardOptions, runBlock, type Tokens } from './backbone.ts';
import { type BackboneCard, HE_COLOURS } from './card.ts';
import { ModuleList } from './module-list.ts';
import { fitPositionEmbedding } from './position-embedding.ts';

/** Options of DINOv2's ViT; the defaults are ViT-S/16 at 256 px with LayerScale. */
export interface VitOptions {
  readonly width?: number;
  readonly depth?: number;
  readonly heads?: number;
  readonly patchPx?: number;
  /** Image side for which position embeddings are stored. */
  readonly imagePx?: number;
  readonly ffn?: 'mlp' | 'swiglu';
  /** Initial LayerScale value; `null`: no LayerScale. */
  readonly layerScale?: number | null;
  /** Stochastic depth, the same for every block. */
  readonly dropPath?: number;
}

const LN_EPS = 1e-6;
/** Above this rate DINOv2 drops whole samples of the batch instead of masking branches. */
const SUBSET_ABOVE = 0.1;

type BlockOptions = Required<Pick<VitOptions, 'ffn' | 'layerScale' | 'dropPath'>>;

/** x += ls1(attn(norm1(x)));  x += ls2(mlp(norm2(x))). */
export class VitBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: Attention;
  readonly ls1: LayerScale | undefined;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp | SwiGlu;
  readonly ls2: LayerScale | undefined;
  readonly dropRate: number;

  constructor(width: number, heads: number, { ffn, layerScale, dropPath }: BlockOptions) {
    super();
    this.norm1 = this.child('norm1', new LayerNorm(width, LN_EPS));
    this.attn = this.child('attn', new Attention(width, heads));
    if (layerScale !== null) this.ls1 = this.child('ls1', new LayerScale(width, layerScale));
    this.norm2 = this.child('norm2', new LayerNorm(width, LN_EPS));
    const hidden = 4 * width;
    this.mlp = this.child(
      'mlp',
      ffn === 'swiglu' ? new SwiGlu(width, swigluHidden(hidden)) : new Mlp(width, hidden),
    );
    if (layerScale !== null) this.ls2 = this.child('ls2', new LayerScale(width, layerScale));
    this.dropRate = dropPath;
  }

  /** @param x [B, L, width] */
  forward(x: Tensor, { rng }: ForwardOptions = {}): Tensor {
    const attend = (t: Tensor): Tensor => scaled(this.attn.forward(this.norm1.forward(t)), this.ls1);
    const feed = (t: Tensor): Tensor => scaled(this.mlp.forward(this.norm2.forward(t)), this.ls2);
    if (rng !== undefined && this.dropRate > SUBSET_ABOVE) {
      return subsetResidual(subsetResidual(x, attend, this.dropRate, rng), feed, this.dropRate, rng);
    }
    return residual(residual(x, attend, this.dropRate, rng), feed, this.dropRate, rng);
  }
}

function scaled(x: Tensor, scale: LayerScale | undefined): Tensor {
  return scale === undefined ? x : scale.forward(x);
}

/**
 * DINOv2's vision transformer: class token first, learned position embeddings, added after masking.
 *
 * @source DINOv2, arXiv:2304.07193; ViT, arXiv:2010.11929.
 */
export class Vit extends Backbone {
  readonly card: BackboneCard;
  readonly clsToken: Tensor;
  readonly positions: Tensor;
  readonly maskToken: Tensor;
  readonly patchEmbed: PatchEmbed;
  readonly blocks: readonly VitBlock[];
  readonly norm: LayerNorm;

  constructor({
    width = 384,
    depth = 12,
    heads = 6,
    patchPx = 16,
    imagePx = 256,
    ffn = 'mlp',
    layerScale = 1e-5,
    dropPath = 0,
  }: VitOptions = {}) {
    super();
    if (imagePx % patchPx !== 0) {
      throw new ShapeError('ViT', { need: `imagePx as a multiple of ${patchPx}`, found: `${imagePx}` });
    }
    if (dropPath < 0 || dropPath >= 1)
      throw new ShapeError('ViT', { need: 'dropPath in [0, 1)', found: `${dropPath}` });
    const grid = imagePx / patchPx;
    this.card = {
      name: `vit-${depth}`,
      width,
      patchPx,
      imagePx,
      mpp: 0.5,
      ...HE_COLOURS,
      known: 'architecture and initialisation (ViT-S/16 of DINOv2, arXiv:2304.07193)',
      inferred:
        'MLP rather than SwiGLU, LayerScale, no drop path, 0.5 um per pixel' +
        (depth === 12 ? '' : '; that only the number of blocks differs from ViT-S'),
    };
    this.clsToken = this.parameter('cls_token', [1, 1, width], normalInit(1e-6));
    this.positions = this.parameter('pos_embed', [1, 1 + grid * grid, width], truncatedNormalInit());
    this.maskToken = this.parameter('mask_token', [1, width], zerosInit);
    this.patchEmbed = this.child('patch_embed', new PatchEmbed(width, patchPx));
    const blocks = Array.from(
      { length: depth },
      () => new VitBlock(width, heads, { ffn, layerScale, dropPath }),
    );
    this.blocks = this.child('blocks', new ModuleList(blocks)).items;
    this.norm = this.child('norm', new LayerNorm(width, LN_EPS));
  }

  override forward(images: Tensor, options: ForwardOptions = {}): Tokens {
    let tokens = this.patchEmbed.forward(images); // [B, n, width]
    if (options.mask !== undefined) tokens = where(unsqueeze(options.mask, 2), this.maskToken, tokens);
    const [batch, n, width] = tokens.shape as [number, number, number];
    const [rows, columns] = [images.size(2) / this.card.patchPx, images.size(3) / this.card.patchPx];
    let x = cat([expand(this.clsToken, [batch, 1, width]), tokens], { dim: 1 });
    x = add(x, fitPositionEmbedding(this.positions, rows, columns));
    for (const [i, block] of this.blocks.entries()) {
      x = runBlock(block, x, options);
      options.onBlock?.(i, x);
    }
    x = this.norm.forward(x);
    return { cls: reshape(select(x, 1, 0), [batch, width]), patches: narrow(x, 1, 1, n) };
  }
}
