/** Pictures and temporary folders for slide tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import type { Region } from '../../src/slide/slide-image.ts';

/** A folder that lives as long as the test file; call at its top. */
export function temporaryFolder(name: string): (file: string) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), `mvhybrid-${name}-`));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (file) => join(folder, file);
}

/** Smooth colours with some noise: RGB8, different everywhere, friendly to JPEG. */
export function colourful(widthPx: number, heightPx: number, seed = 1): Uint8Array {
  const rng = new Rng(seed);
  const pixels = new Uint8Array(3 * widthPx * heightPx);
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      for (const [c, period] of [61, 83, 47].entries()) {
        const wave = Math.sin((x + (c + 1) * y) / period) + Math.cos((y - x) / (period + 13));
        pixels[at + c] = 128 + 50 * wave + rng.integer(-3, 3);
      }
      at += 3;
    }
  }
  return pixels;
}

/** The picture library's view of RGB8 pixels. */
export function asSharp(pixels: Uint8Array, widthPx: number, heightPx: number): Sharp {
  return sharp(pixels, { raw: { width: widthPx, height: heightPx, channels: 3 } });
}

/** Pixels of a region, white outside, cut by hand. */
export function cut(pixels: Uint8Array, widthPx: number, heightPx: number, region: Region): Uint8Array {
  const out = new Uint8Array(3 * region.width * region.height).fill(255);
  for (let row = 0; row < region.height; row++) {
    for (let column = 0; column < region.width; column++) {
      const [x, y] = [region.x + column, region.y + row];
      if (x < 0 || y < 0 || x >= widthPx || y >= heightPx) continue;
      const from = 3 * (y * widthPx + x);
      out.set(pixels.subarray(from, from + 3), 3 * (row * region.width + column));
    }
  }
  return out;
}

/** Some regions inside, across the border and outside. */
export function someRegions(widthPx: number, heightPx: number, count: number, seed = 7): Region[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => ({
    x: rng.integer(-30, widthPx),
    y: rng.integer(-30, heightPx),
    width: rng.integer(1, 150),
    height: rng.integer(1, 150),
  }));
}

/** Largest and mean difference of two pictures. */
export function difference(a: Uint8Array, b: Uint8Array): { largest: number; mean: number } {
  if (a.length !== b.length) throw new Error(`${a.length} and ${b.length} bytes`);
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    largest = Math.max(largest, d);
    sum += d;
  }
  return { largest, mean: sum / a.length };
}
