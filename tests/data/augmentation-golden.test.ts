/** Augmentations against torchvision 0.14 with Pillow 9.4; see tests/golden/augmentation. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawCropBox } from '../../src/data/pixels/crop-box.ts';
import { normalizeInto, normalizeTable } from '../../src/data/pixels/normalize.ts';
import { Scratch } from '../../src/data/pixels/scratch.ts';
import { renderCrop } from '../../src/data/render-crop.ts';
import { goldenPath, sharedData } from '../support/paths.ts';
import {
  type AugmentationCases,
  decodeRgb,
  differenceOf,
  packed,
  readCases,
  type TileCase,
} from './golden-cases.ts';

const cases = readCases<AugmentationCases>('cases');
const goldenImage = (name: string) => decodeRgb(goldenPath(`augmentation/${name}.png`));
const scratch = new Scratch();

describe('crops against torchvision', () => {
  it.each(cases.images)('$name', async ({ name, input, plan }) => {
    const golden = await goldenImage(name);
    const actual = renderCrop(packed(await goldenImage(input)), plan, scratch);
    const d = differenceOf(actual, golden.pixels);
    console.log(name, JSON.stringify(d));
    expect(d.largest).toBe(0);
  });

  it.each(cases.boxes)('box', ({ widthPx, heightPx, scale, draws, box }) => {
    const list = draws.values();
    const next = () => list.next().value as number;
    const random = {
      uniform: (low: number, high: number) => low + next() * (high - low),
      integer: (low: number, high: number) => low + Math.floor(next() * (high - low + 1)),
    };
    expect(drawCropBox(random, widthPx, heightPx, { scale, ratio: [3 / 4, 4 / 3] })).toEqual(box);
  });

  it('normalises', async () => {
    const { pixels } = await goldenImage('noise');
    const out = new Float32Array(pixels.length);
    normalizeInto(
      new Uint8ClampedArray(pixels),
      normalizeTable(cases.normalized.mean, cases.normalized.std),
      out,
      0,
    );
    expect(cases.normalized.index.map((i) => out[i]!)).toEqual(cases.normalized.value);
  });
});

const tiles = sharedData('tiles');
describe.skipIf(tiles === undefined)('real tiles', () => {
  it.each(readCases<{ tiles: TileCase[] }>('tiles').tiles)('$file', async ({ file, plan, pixels }) => {
    const d = differenceOf(renderCrop(packed(await decodeRgb(join(tiles!, file))), plan, scratch), pixels);
    console.log(file, JSON.stringify(d));
    expect(d.largest).toBe(0);
  });
});
