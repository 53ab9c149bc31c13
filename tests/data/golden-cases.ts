/** The reference cases of tests/golden/augmentation. */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import type { CropPlan } from '../../src/data/crop-plan.ts';
import { type CropBox, type PackedImage, packImage, type RgbImage } from '../../src/data/pixels/rgb-image.ts';
import { goldenPath } from '../support/paths.ts';

export interface AugmentationCases {
  readonly images: readonly { readonly name: string; readonly input: string; readonly plan: CropPlan }[];
  readonly boxes: readonly {
    readonly widthPx: number;
    readonly heightPx: number;
    readonly scale: [number, number];
    readonly draws: readonly number[];
    readonly box: CropBox;
  }[];
  readonly normalized: {
    readonly mean: [number, number, number];
    readonly std: [number, number, number];
    readonly index: readonly number[];
    readonly value: readonly number[];
  };
}

export interface TileCase {
  readonly file: string;
  readonly plan: CropPlan;
  readonly pixels: readonly number[];
}

export function readCases<T>(name: string): T {
  return JSON.parse(readFileSync(goldenPath(`augmentation/${name}.json`), 'utf8')) as T;
}

/** Decodes a picture to RGB8 as it is stored. */
export async function decodeRgb(path: string): Promise<RgbImage> {
  const { data, info } = await sharp(path, { ignoreIcc: true })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`${path}: ${info.channels} channels`);
  return { pixels: new Uint8Array(data), widthPx: info.width, heightPx: info.height };
}

/** How far two pictures are apart. */
export interface Difference {
  /** Largest difference of one sample, in grey levels. */
  readonly largest: number;
  /** Share of pixels with a sample more than two levels off. */
  readonly shareAbove2: number;
  /** Share of pixels with any difference. */
  readonly shareDifferent: number;
}

export function differenceOf(actual: ArrayLike<number>, golden: ArrayLike<number>): Difference {
  if (actual.length !== golden.length) throw new Error(`${actual.length} samples, golden ${golden.length}`);
  let [largest, above, different] = [0, 0, 0];
  for (let i = 0; i < golden.length; i += 3) {
    const worst = Math.max(...[0, 1, 2].map((c) => Math.abs(actual[i + c]! - golden[i + c]!)));
    largest = Math.max(largest, worst);
    if (worst > 2) above++;
    if (worst > 0) different++;
  }
  const pixels = golden.length / 3;
  return { largest, shareAbove2: above / pixels, shareDifferent: different / pixels };
}

export function packed(image: RgbImage): PackedImage {
  return packImage(image, new Int32Array(image.widthPx * image.heightPx));
}
