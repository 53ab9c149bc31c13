/**
 * Augmentations against torchvision 0.14 with Pillow 9.4; see tests/golden/augmentation. The limit is two grey levels on
 * 99 % of the pixels; what is reached, and so asserted, is equality.
 */
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
const SAME = { largest: 0, shareAbove2: 0, shareDifferent: 0 };

describe('crops and colours equal those of torchvision', () => {
  it.each(cases.images)('$name', async ({ name, input, plan }) => {
    const golden = await goldenImage(name);
    expect(golden.widthPx).toBe(plan.sizePx);
    const crop = renderCrop(packed(await goldenImage(input)), plan, scratch);
    expect(differenceOf(crop, golden.pixels)).toEqual(SAME);
  });

  it('can tell a wrong result', async () => {
    const { input, plan } = cases.images.find(({ name }) => name === 'pipeline-global-1')!;
    const golden = await goldenImage('pipeline-global-1');
    const unflipped = renderCrop(packed(await goldenImage(input)), { ...plan, flip: false }, scratch);
    expect(differenceOf(unflipped, golden.pixels).shareAbove2).toBeGreaterThan(0.5);
    const reordered = { ...plan, colour: [...plan.colour].reverse() };
    const crop = renderCrop(packed(await goldenImage(input)), reordered, scratch);
    expect(differenceOf(crop, golden.pixels).shareDifferent).toBeGreaterThan(0.1);
  });

  it('normalises like ToTensor and Normalize', async () => {
    const { pixels } = await goldenImage('noise');
    const { mean, std, index, value } = cases.normalized;
    const out = new Float32Array(pixels.length + 5);
    normalizeInto(new Uint8ClampedArray(pixels), normalizeTable(mean, std), out, 5);
    expect(index.map((i) => out[i + 5]!)).toEqual(value);
  });
});

describe('crop boxes equal those of torchvision', () => {
  it.each([...new Set(cases.boxes.map(({ widthPx, heightPx }) => `${widthPx} x ${heightPx}`))])(
    '%s',
    (size) => {
      const some = cases.boxes.filter(({ widthPx, heightPx }) => `${widthPx} x ${heightPx}` === size);
      expect(some.length).toBeGreaterThan(20);
      for (const { widthPx, heightPx, scale, draws, box } of some) {
        const list = draws.values();
        const next = () => list.next().value as number;
        const random = {
          uniform: (low: number, high: number) => low + next() * (high - low),
          integer: (low: number, high: number) => low + Math.floor(next() * (high - low + 1)),
        };
        expect(drawCropBox(random, widthPx, heightPx, { scale, ratio: [3 / 4, 4 / 3] })).toEqual(box);
      }
    },
  );
});

const tiles = sharedData('tiles');
describe.skipIf(tiles === undefined)('real tiles', () => {
  it.each(readCases<{ tiles: TileCase[] }>('tiles').tiles)('$file', async ({ file, plan, pixels }) => {
    const crop = renderCrop(packed(await decodeRgb(join(tiles!, file))), plan, scratch);
    expect(differenceOf(crop, pixels)).toEqual(SAME);
  });
});
