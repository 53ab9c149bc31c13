/** Folders of small generated patches. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { Rng } from '../../src/core/rng.ts';
import type { AugmentationOptions } from '../../src/data/augmentation.ts';

/** Small crops; mean and std that are exact in float32. */
export const SMALL = {
  mean: [0.5, 0.25, 0.75],
  std: [0.5, 0.25, 0.25],
  globalPx: 32,
  localPx: 16,
  localCrops: 3,
} as const satisfies AugmentationOptions;

/** Random colours that vary smoothly, so that crops of different places differ. */
export function randomPixels(seed: string, widthPx: number, heightPx = widthPx): Uint8Array {
  const rng = new Rng(seed);
  const waves = Array.from({ length: 9 }, () => rng.uniform(0.02, 0.3));
  const pixels = new Uint8Array(3 * widthPx * heightPx);
  for (let i = 0; i < pixels.length; i++) {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % widthPx, Math.floor(i / 3 / widthPx)];
    const wave = Math.sin(waves[c]! * x + waves[c + 3]! * y) + Math.sin(waves[c + 6]! * (x - y));
    pixels[i] = 128 + 50 * wave + rng.uniform(-10, 10);
  }
  return pixels;
}

/** Writes RGB8 pixels to `path`; the ending decides on the format. */
export async function writePicture(path: string, pixels: Uint8Array, widthPx: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const heightPx = pixels.length / 3 / widthPx;
  await sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } }).toFile(path);
}

/** `count` PNG files named 000.png, 001.png, ...; those in `broken` are no pictures. */
export async function writePatches(
  folder: string,
  count: number,
  { sidePx = 48, broken = [] as readonly number[] } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${String(i).padStart(3, '0')}.png`);
    if (broken.includes(i)) await writeFile(path, 'not a picture');
    else await writePicture(path, randomPixels(`patch ${i}`, sidePx), sidePx);
  }
}
