import { ShapeError } from '../errors.ts';
import {
  Attention,
  EinFft,
  LayerNorm,
  layerScaleInit,
  MambaVisionMixer,
  Mlp,
  Module,
  PatchEmbed,
  residual,
  truncatedNormalInit,
  zerosInit,
} from '../nn/index.ts';
import { cat, expand, mul, narrow, reshape, select, type Tensor, unsqueeze, where } from '../tensor/index.ts';
import { Backbone, type ForwardOptions, type Tokens } from './backbone.ts';
import { type BackboneCard, HE_COLOURS } from './card.ts';

/** Options of the published class; the defaults are the paper's MV_Hybrid. */
export interface MvHybridOptions {
  readonly width?: number;
  readonly depth?: number;
  readonly heads?: number;
  readonly patchPx?: number;
  /** EinFFT as channel mixer at all; otherwise every block has an MLP. */
  readonly einfft?: boolean;
  /** EinFFT only in the state-space blocks; otherwise in the attention blocks too. */
  readonly einfftMambaOnly?: boolean;
  /** Initial value of a learned factor per channel on both branches; absent: none. */
  readonly layerScale?: number;
  /** Stochastic depth of the last block; earlier blocks scale linearly down to 0. */
  readonly dropPath?: number;
}

/**
 * Blocks that attend: the second half. With an odd depth the middle block still has a state-space mixer.
 */
export function attends(block: number, depth: number): boolean {
  return depth % 2 === 0 ? block >= depth / 2 : block > Math.floor(depth / 2);
}

/** Anything that maps [B, L, width] to the same shape. */
interface Mixer extends Module {
  forward(x: Tensor): Tensor;
}

/** x += gamma1 * mixer(norm1(x));  x += gamma2 * channel_mixer(norm2(x)). */
export class MvHybridBlock extends Module {
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly mixer: Mixer;
  readonly channelMixer: Mixer;
  readonly gamma1: Tensor | undefined;
  readonly gamma2: Tensor | undefined;
  readonly dropRate: number;

  constructor(
    width: number,
    mixer: Mixer,
    channelMixer: Mixer,
    { layerScale, dropRate = 0 }: BlockOptions = {},
  ) {
    super();
    if (layerScale !== undefined) {
      this.gamma1 = this.parameter('gamma_1', [width], layerScaleInit(layerScale));
      this.gamma2 = this.parameter('gamma_2', [width], layerScaleInit(layerScale));
    }
    this.norm1 = this.child('norm1', new LayerNorm(width, 1e-5));
    this.mixer = this.child('mixer', mixer);
    this.norm2 = this.child('norm2', new LayerNorm(width, 1e-5));
    this.channelMixer = this.child('channel_mixer', channelMixer);
    this.dropRate = dropRate;
  }

  /** @param x [B, L, width] */
  forward(x: Tensor, { rng }: ForwardOptions = {}): Tensor {
    const scaled = (y: Tensor, gamma: Tensor | undefined): Tensor =>
      gamma === undefined ? y : mul(y, gamma);
    const mixed = residual(
      x,
      (t) => scaled(this.mixer.forward(this.norm1.forward(t)), this.gamma1),
      this.dropRate,
      rng,
    );
    return residual(
      mixed,
      (t) => scaled(this.channelMixer.forward(this.norm2.forward(t)), this.gamma2),
      this.dropRate,
      rng,
    );
  }
}

interface BlockOptions {
  readonly layerScale?: number | undefined;
  readonly dropRate?: number;
}

/** Holds the list, so that names read `blocks.blocks.<i>` as in the published checkpoints. */
class BlockList extends Module {
  readonly list: readonly MvHybridBlock[];
  constructor(blocks: readonly MvHybridBlock[]) {
    super();
    this.list = this.child('blocks', new Numbered(blocks)).items;
  }
}

class Numbered extends Module {
  readonly items: readonly MvHybridBlock[];
  constructor(items: readonly MvHybridBlock[]) {
    super();
    this.items = items.map((item, i) => this.child(String(i), item));
  }
}

function makeBlock(
  i: number,
  options: Required<Omit<MvHybridOptions, 'layerScale'>>,
  layerScale?: number,
): MvHybridBlock {
  const { width, depth, heads, einfft, einfftMambaOnly, dropPath } = options;
  const attention = attends(i, depth);
  return new MvHybridBlock(
    width,
    attention ? new Attention(width, heads) : new MambaVisionMixer(width),
    einfft && !(attention && einfftMambaOnly) ? new EinFft(width) : new Mlp(width, 4 * width),
    { layerScale, dropRate: depth > 1 ? (dropPath * i) / (depth - 1) : 0 },
  );
}

/**
 * MV_Hybrid: state-space blocks with frequency-domain channel mixing first, attention blocks second; no position
 * embedding; the class token sits in the middle of the sequence.
 *
 * @source MV_Hybrid, arXiv:2508.00383; names and options as in its published class.
 */
export class MvHybrid extends Backbone {
  readonly card: BackboneCard;
  readonly clsToken: Tensor;
  readonly maskToken: Tensor;
  readonly patchEmbed: PatchEmbed;
  readonly blocks: readonly MvHybridBlock[];
  readonly norm: LayerNorm;

  constructor({
    width = 384,
    depth = 24,
    heads = 6,
    patchPx = 16,
    einfft = true,
    einfftMambaOnly = true,
    layerScale,
    dropPath = 0,
  }: MvHybridOptions = {}) {
    super();
    if (dropPath < 0 || dropPath >= 1)
      throw new ShapeError('MV_Hybrid', { need: 'dropPath in [0, 1)', found: `${dropPath}` });
    this.card = {
      name: 'mv-hybrid',
      width,
      patchPx,
      imagePx: 256,
      mpp: 0.5,
      ...HE_COLOURS,
      status: 'architecture and input statistics published (arXiv:2508.00383); 0.5 um per pixel is inferred',
    };
    this.clsToken = this.parameter('cls_token', [1, 1, width], truncatedNormalInit());
    this.maskToken = this.parameter('mask_token', [1, width], zerosInit);
    this.patchEmbed = this.child('patch_embed', new PatchEmbed(width, patchPx));
    const given = { width, depth, heads, patchPx, einfft, einfftMambaOnly, dropPath };
    const blocks = Array.from({ length: depth }, (_, i) => makeBlock(i, given, layerScale));
    this.blocks = this.child('blocks', new BlockList(blocks)).list;
    this.norm = this.child('norm', new LayerNorm(width, 1e-5));
  }

  override forward(images: Tensor, options: ForwardOptions = {}): Tokens {
    let tokens = this.patchEmbed.forward(images); // [B, n, width]
    if (options.mask !== undefined) tokens = where(unsqueeze(options.mask, 2), this.maskToken, tokens);
    const [batch, n, width] = tokens.shape as [number, number, number];
    const centre = Math.floor(n / 2);
    const [before, after] = [narrow(tokens, 1, 0, centre), narrow(tokens, 1, centre, n - centre)];
    let x = cat([before, expand(this.clsToken, [batch, 1, width]), after], { dim: 1 });
    for (const [i, block] of this.blocks.entries()) {
      x = block.forward(x, options);
      options.onBlock?.(i, x);
    }
    x = this.norm.forward(x);
    const patches = cat([narrow(x, 1, 0, centre), narrow(x, 1, centre + 1, n - centre)], { dim: 1 });
    return { cls: reshape(select(x, 1, centre), [batch, width]), patches };
  }
}
