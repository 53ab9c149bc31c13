/** What happens to a patch before it reaches the networks: two global crops and several local ones, as plain numbers. */
import { UsageError } from '../errors.ts';
import type { ChannelNumbers } from './pixels/normalize.ts';

/**
 * How often crops are blurred. `published`: what the published code did, whose blur takes 1 - p for p (global crop 1
 * never, crop 2 with 0.9, local 0.5). `intended`: what its authors wrote down (1.0, 0.1, 0.5).
 */
export type BlurPolicy = 'published' | 'intended';

/**
 * How strongly colours change. `published`: brightness and contrast 0.2, no solarising. `dinov2`: the values it was
 * derived from, brightness and contrast 0.4, solarising of global crop 2 with probability 0.2.
 */
export type ColourPolicy = 'published' | 'dinov2';

/** The recipe of one kind of crop. Probabilities lie in [0, 1]. */
export interface CropRecipe {
  /** Side of the crop after resizing. */
  readonly sizePx: number;
  /** Share of the patch's area it shows. */
  readonly scale: readonly [low: number, high: number];
  /** Width / height of that part. */
  readonly ratio: readonly [low: number, high: number];
  readonly flipProbability: number;
  /** Factors are drawn from [1 - x, 1 + x], the hue's shift from [-x, x] turns; order of the four at random. */
  readonly jitter: {
    readonly probability: number;
    readonly brightness: number;
    readonly contrast: number;
    readonly saturation: number;
    readonly hue: number;
  };
  readonly grayscaleProbability: number;
  /** Standard deviation in pixels; the kernel has nine. */
  readonly blur: { readonly probability: number; readonly sigma: readonly [low: number, high: number] };
  readonly solarize: { readonly probability: number; readonly threshold: number };
}

/** Everything a loader needs to know; plain data, to be saved beside results. */
export interface Augmentation {
  readonly global1: CropRecipe;
  readonly global2: CropRecipe;
  readonly local: CropRecipe;
  /** Local crops per patch. */
  readonly localCrops: number;
  /** Of samples in [0, 1], from the backbone's card. */
  readonly mean: ChannelNumbers;
  readonly std: ChannelNumbers;
}

export interface AugmentationOptions {
  readonly mean: ChannelNumbers;
  readonly std: ChannelNumbers;
  /** Side of global crops; default 256. */
  readonly globalPx?: number;
  /** Side of local crops; default 112. */
  readonly localPx?: number;
  /** Default 8. */
  readonly localCrops?: number;
  /** Area share of global crops; default [0.32, 1]. */
  readonly globalScale?: readonly [number, number];
  /** Area share of local crops; default [0.05, 0.32]. */
  readonly localScale?: readonly [number, number];
  /** Default `published`. */
  readonly blur?: BlurPolicy;
  /** Default `published`. */
  readonly colour?: ColourPolicy;
}

/** Blur probabilities of global crop 1, global crop 2 and local crops. */
const BLUR: Record<BlurPolicy, readonly [number, number, number]> = {
  published: [0, 0.9, 0.5],
  intended: [1, 0.1, 0.5],
};

const COLOUR: Record<ColourPolicy, { strength: number; solarize: number }> = {
  published: { strength: 0.2, solarize: 0 },
  dinov2: { strength: 0.4, solarize: 0.2 },
};

/**
 * The augmentation of the published training run, with its sizes and the two disputed points open to choice.
 *
 * @throws UsageError for sizes below 5 px, shares outside (0, 1], or a policy that does not exist.
 * @source arXiv 2508.00383 and its configuration; DINOv2, arXiv 2304.07193.
 */
export function createAugmentation(options: AugmentationOptions): Augmentation {
  const { globalPx = 256, localPx = 112, localCrops = 8, mean, std } = options;
  const { globalScale = [0.32, 1], localScale = [0.05, 0.32] } = options;
  const { blur = 'published', colour = 'published' } = options;
  checkSizes({ globalPx, localPx, localCrops });
  checkScale('globalScale', globalScale);
  checkScale('localScale', localScale);
  checkPolicy('blur', blur, BLUR);
  checkPolicy('colour', colour, COLOUR);
  const { strength, solarize } = COLOUR[colour];
  const recipe = (
    sizePx: number,
    scale: CropRecipe['scale'],
    blurred: number,
    solarized = 0,
  ): CropRecipe => ({
    sizePx,
    scale,
    ratio: [3 / 4, 4 / 3],
    flipProbability: 0.5,
    jitter: { probability: 0.8, brightness: strength, contrast: strength, saturation: 0.2, hue: 0.1 },
    grayscaleProbability: 0.2,
    blur: { probability: blurred, sigma: [0.1, 2] },
    solarize: { probability: solarized, threshold: 128 },
  });
  return {
    global1: recipe(globalPx, globalScale, BLUR[blur][0]),
    global2: recipe(globalPx, globalScale, BLUR[blur][1], solarize),
    local: recipe(localPx, localScale, BLUR[blur][2]),
    localCrops,
    mean,
    std,
  };
}

function checkSizes(sizes: { globalPx: number; localPx: number; localCrops: number }): void {
  const { globalPx, localPx, localCrops } = sizes;
  const sides = [globalPx, localPx].every((px) => Number.isInteger(px) && px >= 5 && px <= 4096);
  if (sides && Number.isInteger(localCrops) && localCrops >= 0) return;
  throw new UsageError('createAugmentation', {
    need: 'globalPx and localPx as integers from 5 to 4096, localCrops as an integer of at least 0',
    found: `globalPx ${globalPx}, localPx ${localPx}, localCrops ${localCrops}`,
  });
}

function checkScale(name: string, [low, high]: readonly [number, number]): void {
  if (low > 0 && low <= high && high <= 1) return;
  throw new UsageError('createAugmentation', {
    need: `${name} as two area shares, 0 < low <= high <= 1`,
    found: `[${low}, ${high}]`,
  });
}

function checkPolicy(name: string, value: string, known: object): void {
  if (Object.hasOwn(known, value)) return;
  throw new UsageError('createAugmentation', {
    need: `${name} as ${Object.keys(known).join(' or ')}`,
    found: `"${value}"`,
  });
}
