import { BlockStack } from './block-stack.ts';
import type { BlockSpec } from './stack-config.ts';

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

/** State-space blocks first, attention blocks where {@link attends} says so. */
export function halves(depth: number, first: BlockSpec, second: BlockSpec): BlockSpec[] {
  const attention = Array.from({ length: depth }, (_, i) => attends(i, depth)).filter(Boolean).length;
  return [
    { ...first, count: depth - attention },
    { ...second, count: attention },
  ];
}

/**
 * MV_Hybrid: state-space blocks with frequency-domain channel mixing first, attention blocks second.
 *
 * @source MV_Hybrid, arXiv:2508.00383; options as in its published class.
 */
export class MvHybrid extends BlockStack {
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
    super({
      name: 'mv-hybrid',
      width,
      heads,
      patchPx,
      blocks: halves(
        depth,
        { mixer: 'mamba-vision', channelMixer: einfft ? 'einfft' : 'mlp' },
        { mixer: 'attention', channelMixer: einfft && !einfftMambaOnly ? 'einfft' : 'mlp' },
      ),
      ...(layerScale === undefined ? {} : { layerScale }),
      dropPath,
      known: 'architecture, initialisation and input statistics (arXiv:2508.00383)',
      inferred: '0.5 um per pixel',
    });
  }
}
