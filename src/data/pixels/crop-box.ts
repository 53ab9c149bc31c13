/** Which part of a patch a crop shows. */
import type { CropBox } from './rgb-image.ts';

/** Where random numbers come from; `Rng` of src/core is one. */
export interface RandomSource {
  /** In [low, high). */
  uniform(low: number, high: number): number;
  /** Both ends included. */
  integer(low: number, high: number): number;
}

export interface CropOptions {
  /** Smallest and largest share of the patch's area. */
  readonly scale: readonly [low: number, high: number];
  /** Smallest and largest width / height. */
  readonly ratio: readonly [low: number, high: number];
}

const TRIES = 10;

/**
 * Draws the box of a random resized crop. Up to ten times: area ~ U(scale) of the patch, aspect = exp(U(log ratio)),
 * sides rounded half to even; the first box that fits is placed uniformly (row first, then column). If none fits, the
 * largest central box whose aspect lies in `ratio`.
 *
 * Area share and aspect are rounded to float32, as the reference draws them.
 *
 * @source torchvision 0.14, RandomResizedCrop.get_params.
 */
export function drawCropBox(
  random: RandomSource,
  widthPx: number,
  heightPx: number,
  { scale, ratio }: CropOptions,
): CropBox {
  const area = widthPx * heightPx;
  const logRatio = [Math.fround(Math.log(ratio[0])), Math.fround(Math.log(ratio[1]))] as const;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const target = area * Math.fround(random.uniform(...scale));
    const aspect = Math.fround(Math.exp(Math.fround(random.uniform(...logRatio))));
    const width = roundHalfEven(Math.sqrt(target * aspect));
    const height = roundHalfEven(Math.sqrt(target / aspect));
    if (width < 1 || height < 1 || width > widthPx || height > heightPx) continue;
    const y = random.integer(0, heightPx - height);
    const x = random.integer(0, widthPx - width);
    return { x, y, width, height };
  }
  return centralBox(widthPx, heightPx, ratio);
}

function centralBox(widthPx: number, heightPx: number, ratio: readonly [number, number]): CropBox {
  const aspect = widthPx / heightPx;
  const width = aspect > ratio[1] ? Math.max(1, roundHalfEven(heightPx * ratio[1])) : widthPx;
  const height = aspect < ratio[0] ? Math.max(1, roundHalfEven(widthPx / ratio[0])) : heightPx;
  return {
    x: Math.floor((widthPx - width) / 2),
    y: Math.floor((heightPx - height) / 2),
    width,
    height,
  };
}

/** Rounds to the nearest integer, halves to the even one. */
export function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
