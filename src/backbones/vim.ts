import { ShapeError, UsageError } from '../errors.ts';
import {
  Module,
  PatchEmbed,
  RmsNorm,
  residual,
  truncatedNormalInit,
  VimMixer,
  type VimOptions,
  zerosInit,
} from '../nn/index.ts';
import { add, type Tensor, unsqueeze, where } from '../tensor/index.ts';
import { Backbone, type ForwardOptions, runBlock, type Tokens } from './backbone.ts';
import { type BackboneCard, HE_COLOURS } from './card.ts';
import { insertMiddle, splitMiddle } from './middle-token.ts';
import { ModuleList } from './module-list.ts';
import { fitMiddlePositions } from './position-embedding.ts';

/** Options of stock Vim; the defaults are Vim-S. */
export interface VimBackboneOptions {
  readonly width?: number;
  readonly depth?: number;
  readonly patchPx?: number;
  /** Image side for which position embeddings are stored. */
  readonly imagePx?: number;
  /** A learned token for masked patches, which the published model has not; pretraining with masks needs it. */
  readonly maskToken?: boolean;
  /** Stochastic depth of the last layer; earlier layers scale linearly down to 0. */
  readonly dropPath?: number;
  readonly vim?: Omit<VimOptions, 'layers'>;
}

const RMS_EPS = 1e-5;

/** x += mixer(norm(x)); no channel mixer. */
export class VimLayer extends Module {
  readonly mixer: VimMixer;
  readonly norm: RmsNorm;
  readonly dropRate: number;

  constructor(width: number, options: VimOptions, dropRate: number) {
    super();
    this.mixer = this.child('mixer', new VimMixer(width, options));
    this.norm = this.child('norm', new RmsNorm(width, RMS_EPS));
    this.dropRate = dropRate;
  }

  /** @param x [B, L, width] */
  forward(x: Tensor, { rng }: ForwardOptions = {}): Tensor {
    return residual(x, (t) => this.mixer.forward(this.norm.forward(t)), this.dropRate, rng);
  }
}

/**
 * Vim as published: one mixer per layer, RMSNorm, learned position embeddings, class token in the middle.
 *
 * @source Vision Mamba, arXiv:2401.09417; parameter names as published.
 * @differs Position embeddings are fitted to other image sizes as in DINOv2; the published class has one size.
 */
export class Vim extends Backbone {
  readonly card: BackboneCard;
  readonly clsToken: Tensor;
  readonly positions: Tensor;
  readonly maskToken: Tensor | undefined;
  readonly patchEmbed: PatchEmbed;
  readonly layers: readonly VimLayer[];
  readonly norm: RmsNorm;

  constructor({
    width = 384,
    depth = 24,
    patchPx = 16,
    imagePx = 224,
    maskToken = false,
    dropPath = 0,
    vim = {},
  }: VimBackboneOptions = {}) {
    super();
    if (imagePx % patchPx !== 0)
      throw new ShapeError('vim', { need: `imagePx as a multiple of ${patchPx}`, found: `${imagePx}` });
    if (dropPath < 0 || dropPath >= 1)
      throw new ShapeError('vim', { need: 'dropPath in [0, 1)', found: `${dropPath}` });
    this.card = {
      name: 'vim',
      width,
      patchPx,
      imagePx,
      mpp: 0.5,
      ...HE_COLOURS,
      known:
        'architecture and mixer initialisation (Vim-S, arXiv:2401.09417); not one of the six of the paper',
      inferred: 'H&E input statistics (its ImageNet weights expect those of ImageNet), 0.5 um per pixel',
    };
    const cells = (imagePx / patchPx) ** 2;
    this.clsToken = this.parameter('cls_token', [1, 1, width], truncatedNormalInit());
    this.positions = this.parameter('pos_embed', [1, cells + 1, width], truncatedNormalInit());
    if (maskToken) this.maskToken = this.parameter('mask_token', [1, width], zerosInit);
    this.patchEmbed = this.child('patch_embed', new PatchEmbed(width, patchPx));
    const rate = (i: number): number => (depth > 1 ? (dropPath * i) / (depth - 1) : 0);
    const layers = Array.from(
      { length: depth },
      (_, i) => new VimLayer(width, { ...vim, layers: depth }, rate(i)),
    );
    this.layers = this.child('layers', new ModuleList(layers)).items;
    this.norm = this.child('norm_f', new RmsNorm(width, RMS_EPS));
  }

  #masked(tokens: Tensor, mask: Tensor): Tensor {
    if (this.maskToken === undefined) {
      throw new UsageError('vim', {
        need: 'a mask token for masked patches',
        found: 'the published model, which has none',
        next: 'create it with maskToken: true',
      });
    }
    return where(unsqueeze(mask, 2), this.maskToken, tokens);
  }

  override forward(images: Tensor, options: ForwardOptions = {}): Tokens {
    let tokens = this.patchEmbed.forward(images); // [B, n, width]
    if (options.mask !== undefined) tokens = this.#masked(tokens, options.mask);
    const { patchPx } = this.card;
    const positions = fitMiddlePositions(this.positions, images.size(2) / patchPx, images.size(3) / patchPx);
    let x = add(insertMiddle(tokens, this.clsToken), positions);
    for (const [i, layer] of this.layers.entries()) {
      x = runBlock(layer, x, options);
      options.onBlock?.(i, x);
    }
    return splitMiddle(this.norm.forward(x));
  }
}
