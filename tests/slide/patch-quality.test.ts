import { readdirSync, readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openSlide } from '../../src/slide/open-slide.ts';
import { planTiles } from '../../src/slide/tiles/plan-tiles.ts';
import { laplacianVariance } from '../../src/slide/tissue/focus.ts';
import { inkMask } from '../../src/slide/tissue/ink.ts';
import { sharedData } from '../support/paths.ts';

const tiles = sharedData('tiles');
const sections = sharedData('her2st');

describe('inkMask', () => {
  it('sees pens and not H&E', () => {
    const colours: readonly (readonly [number[], 0 | 1])[] = [
      [[30, 90, 170], 1],
      [[40, 150, 90], 1],
      [[220, 30, 40], 1],
      [[20, 20, 25], 1],
      [[245, 242, 246], 0],
      [[215, 130, 180], 0],
      [[90, 60, 140], 0],
      [[200, 70, 110], 0],
      [[60, 50, 110], 0],
    ];
    const pixels = Uint8Array.from(colours.flatMap(([colour]) => colour));
    const mask = inkMask({ pixels, widthPx: colours.length, heightPx: 1 });
    expect([...mask.data]).toEqual(colours.map(([, ink]) => ink));
  });
});

describe.skipIf(tiles === undefined)('real tiles of 0.5 um per pixel', () => {
  const names = tiles === undefined ? [] : readdirSync(tiles).filter((name) => !name.startsWith('BACK'));

  it.each(names)('%s is sharp, without ink, and no longer sharp after a blur of 1 um', async (name) => {
    const image = sharp(`${tiles}/${name}`).removeAlpha();
    const pixels = await image.clone().raw().toBuffer();
    expect(laplacianVariance(pixels, 224, 224)).toBeGreaterThan(100);
    const blurred = await image.clone().blur({ sigma: 2, minAmplitude: 0.001 }).raw().toBuffer();
    expect(laplacianVariance(blurred, 224, 224)).toBeLessThan(22);
    const small = await image.clone().resize(14, 14, { kernel: 'cubic' }).raw().toBuffer();
    expect(inkMask({ pixels: small, widthPx: 14, heightPx: 14 }).data.includes(1)).toBe(false);
  });
});

describe.skipIf(sections === undefined)('real sections', () => {
  it('have no field of 112 um that is taken for ink', async () => {
    const meta = JSON.parse(readFileSync(`${sections}/meta.json`, 'utf8')) as Record<
      string,
      { um_per_px: number }
    >;
    for (const id of ['B4', 'C2', 'C6']) {
      const slide = await openSlide(`${sections}/${id}/he.jpg`, { mpp: meta[id]!.um_per_px });
      const plan = await planTiles(slide, { patchUm: 112, tissue: { from: 'whole slide' }, edges: 'inside' });
      expect(plan.counts.kept).toBeGreaterThan(500);
      expect(Math.max(...plan.inkShare), id).toBeLessThan(0.18);
      await slide.close();
    }
  });
});
