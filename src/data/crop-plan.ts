/** The random decisions behind one crop, drawn before any pixel is touched. */
import { Rng } from '../core/rng.ts';
import type { CropRecipe } from './augmentation.ts';
import { drawCropBox } from './pixels/crop-box.ts';
import type { CropBox } from './pixels/rgb-image.ts';

/** A change of colours with its strength. */
export type ColourStep =
  | { readonly kind: 'brightness' | 'contrast' | 'saturation'; readonly factor: number }
  | { readonly kind: 'hue'; readonly shift: number };

/** One crop, fully decided. */
export interface CropPlan {
  readonly box: CropBox;
  readonly sizePx: number;
  readonly flip: boolean;
  /** In the order they are applied; empty when colours stay. */
  readonly colour: readonly ColourStep[];
  readonly grayscale: boolean;
  /** Standard deviation of the blur in pixels. */
  readonly blurSigma?: number;
  /** Samples from here on are inverted. */
  readonly solarizeFrom?: number;
}

/** Which crop of which sample of which pass over the data. */
export interface CropKey {
  /** Seed of the run. */
  readonly seed: number;
  /** How many times the whole data has been gone through before. */
  readonly pass: number;
  /** Place of the patch in the source. */
  readonly sample: number;
  /** 0 and 1 global, 2 and up local. */
  readonly view: number;
}

/** Random numbers that belong to one crop alone: the same whoever computes it, and when. */
export function cropRng({ seed, pass, sample, view }: CropKey): Rng {
  return new Rng(`${seed}/crop/${pass}/${sample}/${view}`);
}

/** Draws the plan of a crop of a patch of the given size. */
export function drawCropPlan(
  rng: Rng,
  recipe: CropRecipe,
  size: { readonly widthPx: number; readonly heightPx: number },
): CropPlan {
  const box = drawCropBox(rng, size.widthPx, size.heightPx, recipe);
  const flip = rng.uniform() < recipe.flipProbability;
  const colour = rng.uniform() < recipe.jitter.probability ? drawColourSteps(rng, recipe.jitter) : [];
  const grayscale = rng.uniform() < recipe.grayscaleProbability;
  const blurred = rng.uniform() < recipe.blur.probability;
  const blurSigma = rng.uniform(...recipe.blur.sigma);
  const solarized = rng.uniform() < recipe.solarize.probability;
  return {
    box,
    sizePx: recipe.sizePx,
    flip,
    colour,
    grayscale,
    ...(blurred ? { blurSigma } : {}),
    ...(solarized ? { solarizeFrom: recipe.solarize.threshold } : {}),
  };
}

function drawColourSteps(rng: Rng, jitter: CropRecipe['jitter']): ColourStep[] {
  const around = (kind: 'brightness' | 'contrast' | 'saturation'): ColourStep => ({
    kind,
    factor: rng.uniform(Math.max(0, 1 - jitter[kind]), 1 + jitter[kind]),
  });
  const steps = [around('brightness'), around('contrast'), around('saturation')];
  steps.push({ kind: 'hue', shift: rng.uniform(-jitter.hue, jitter.hue) });
  return rng.shuffle(steps);
}
