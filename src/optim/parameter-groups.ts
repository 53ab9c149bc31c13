/** Which parameters decay, and how fast each learns: decided by name alone, the same for every backbone. */
import type { Tensor } from '../tensor/index.ts';

/** Parameters that share their rates. */
export interface ParameterGroup {
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Factor on the learning rate. */
  readonly lrMultiplier: number;
  /** Factor on the weight decay: 1, or 0 for none. */
  readonly decayMultiplier: number;
  /** Follows the last layer's learning rate, which is zero while it is frozen. */
  readonly lastLayer: boolean;
}

/** Decides by parameter name. */
export type NameRule = (name: string) => boolean;

/** Biases, normalisation layers and layer scales do not decay; all else does, state matrices and tokens too. */
export const publishedNoDecay: NameRule = (name) =>
  name.endsWith('.bias') || name.includes('norm') || name.includes('gamma');

const USUALLY_EXEMPT =
  /(^|\.)(A_log|A_b_log|D|D_b|dt_bias|cls_token|mask_token|pos_embed|complex_bias_\d|weight_g)$/;

/** As {@link publishedNoDecay}, and also without decay on state matrices, tokens, positions and weight-norm scales. */
export const conventionalNoDecay: NameRule = (name) => publishedNoDecay(name) || USUALLY_EXEMPT.test(name);

export interface GroupOptions {
  /** Learning rate factor per layer below the top of a backbone; 1: none. */
  readonly layerDecay?: number;
  /** Further factor on the patch embedding's learning rate. */
  readonly patchEmbedMultiplier?: number;
  readonly noDecay?: NameRule;
}

const INPUT_LAYER = /(^|\.)(patch_embed|pos_embed|mask_token|cls_token)(\.|$)/;
const BLOCK = /(?:^|\.)(?:blocks\.(?:blocks\.)?|layers\.)(\d+)\./;

/**
 * Depth of a parameter: 0 for tokens, positions and patch embedding, i + 1 for block i, depth + 1 for what follows.
 * Blocks are named `blocks.<i>` in ViTs, `blocks.blocks.<i>` in MV_Hybrid and its relatives, `layers.<i>` in Vim.
 */
export function layerOf(name: string, depth: number): number {
  if (INPUT_LAYER.test(name)) return 0;
  const block = BLOCK.exec(name)?.[1];
  return block === undefined ? depth + 1 : Number(block) + 1;
}

/** Number of blocks that the names speak of; 0 for a head. */
function depthOf(names: Iterable<string>): number {
  return Math.max(0, ...[...names].map((name) => Number(BLOCK.exec(name)?.[1] ?? -1) + 1));
}

function ratesOf(name: string, depth: number, options: GroupOptions): Omit<ParameterGroup, 'parameters'> {
  const { layerDecay = 1, patchEmbedMultiplier = 1, noDecay = publishedNoDecay } = options;
  const patch = name.includes('patch_embed') ? patchEmbedMultiplier : 1;
  return {
    lrMultiplier: layerDecay ** (depth + 1 - layerOf(name, depth)) * patch,
    decayMultiplier: noDecay(name) ? 0 : 1,
    lastLayer: name.includes('last_layer'),
  };
}

/**
 * Sorts parameters into groups of equal rates. A backbone's depth is read from its block numbers.
 *
 * @param parameters by their name within one sub-model (backbone or head).
 * @param prefix put before every name in the result, e.g. `backbone.`.
 * @source DINOv2, arXiv:2304.07193 (published rules).
 */
export function parameterGroups(
  parameters: ReadonlyMap<string, Tensor>,
  options: GroupOptions = {},
  prefix = '',
): ParameterGroup[] {
  const groups = new Map<string, ParameterGroup & { parameters: Map<string, Tensor> }>();
  const depth = depthOf(parameters.keys());
  for (const [name, parameter] of parameters) {
    const rates = ratesOf(name, depth, options);
    const key = JSON.stringify(rates);
    const group = groups.get(key) ?? { ...rates, parameters: new Map<string, Tensor>() };
    group.parameters.set(prefix + name, parameter);
    groups.set(key, group);
  }
  return [...groups.values()];
}
