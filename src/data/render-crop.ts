/** Carrying out a crop plan on pixels. */
import type { ColourStep, CropPlan } from './crop-plan.ts';
import { adjustBrightness, adjustContrast, adjustSaturation, solarize, toGrayscale } from './pixels/blend.ts';
import { gaussianBlur } from './pixels/gaussian-blur.ts';
import { adjustHue } from './pixels/hue.ts';
import { resizeBox } from './pixels/resize.ts';
import type { PackedImage } from './pixels/rgb-image.ts';
import type { Scratch } from './pixels/scratch.ts';

const ADJUST = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
} as const;

/**
 * Cuts and changes a patch as the plan says: crop and resize, flip, colour steps, grayscale, blur, solarise.
 *
 * @returns RGB8 [sizePx, sizePx, 3] in `scratch`, valid until its next use.
 */
export function renderCrop(patch: PackedImage, plan: CropPlan, scratch: Scratch): Uint8ClampedArray {
  const { box, sizePx, flip } = plan;
  const pixels = scratch.cropBytes(3 * sizePx * sizePx);
  resizeBox(patch, box, sizePx, { mirror: flip, out: pixels, scratch });
  for (const step of plan.colour) applyColour(pixels, step);
  if (plan.grayscale) toGrayscale(pixels);
  if (plan.blurSigma !== undefined) gaussianBlur(pixels, sizePx, plan.blurSigma, scratch);
  if (plan.solarizeFrom !== undefined) solarize(pixels, plan.solarizeFrom);
  return pixels;
}

function applyColour(pixels: Uint8ClampedArray, step: ColourStep): void {
  if (step.kind === 'hue') adjustHue(pixels, step.shift);
  else ADJUST[step.kind](pixels, step.factor);
}
