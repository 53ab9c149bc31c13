import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { imageFromPixels } from '../../src/slide/memory-image.ts';
import { openSlide, SLIDE_READERS, type SlideReader } from '../../src/slide/open-slide.ts';
import { loadOpenSlide } from '../../src/slide/openslide/library.ts';
import { readPatch } from '../../src/slide/read-patches.ts';
import { readResampled } from '../../src/slide/shrink.ts';
import type { Region } from '../../src/slide/slide-image.ts';
import { TileCache } from '../../src/slide/tiff/tile-cache.ts';
import { WorkLimit } from '../../src/slide/tiff/work-limit.ts';
import { levelFor } from '../../src/slide/whole-slide.ts';
import { writeSyntheticSlide } from '../../src/synthetic/write-slide.ts';
import { sharedData } from '../support/paths.ts';
import { asSharp, colourful, difference, someRegions, temporaryFolder } from './pictures.ts';
import { buildTiff, RGB8, withTags } from './tiff-builder.ts';

const file = temporaryFolder('whole');
const slides = sharedData('slides');
const hasOpenSlide = await loadOpenSlide().then(
  () => true,
  () => false,
);
const readers = SLIDE_READERS.filter((reader) => reader !== 'openslide' || hasOpenSlide);

/** 32 x 32 pixels, red 8 x, green 4 y + 60, blue 90: a lossless codestream written by OpenJPEG 2.5. */
const JPEG_2000 =
  '/0//UQAvAAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAADBwEBBwEBBwEB/1IADAAAAAEABQQEAAH/XAATQEBISFBISFBISFBI' +
  'SFBISFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjD/kAAKAAAAAABzAAH/k8fUBAgvw+cCCcfUBAa/z8AIBF+j7QIA' +
  'BF+Ax9oGAA0CBaH1AYALPYqAw+oFACIaCF2PoPnCAAN/3VGAwfOHADahma5jo1+gfIGAPaY0WxDbgMD5AoBfp8eIt6A+EYCdrClA/3+A/9k=';

beforeAll(async () => {
  await writeSyntheticSlide(file('s.svs'), { seed: 5, widthPx: 2050, heightPx: 1500 });
});

describe.each(readers)('reader %s', (reader: SlideReader) => {
  it('gives levels, pixel size and regions', async () => {
    const slide = await openSlide(file('s.svs'), { reader });
    expect(slide.reader).toBe(reader === 'openslide' ? 'openslide' : 'builtin');
    expect(slide.format).toBe('aperio');
    expect(slide.levels.map(({ widthPx, heightPx }) => [widthPx, heightPx])).toEqual([
      [2050, 1500],
      [1025, 750],
      [512, 375],
      [256, 187],
    ]);
    expect(slide.levels[2]!.downsample).toBeCloseTo((2050 / 512 + 4) / 2, 12);
    expect(slide.mpp).toBe(0.5);
    expect(slide.properties.get('aperio.AppMag')).toBe('20');
    const outside = await slide.readRegion({ x: -9, y: -9, width: 6, height: 6 });
    expect(outside.every((value) => value === 255)).toBe(true);
    await slide.close();
  });

  it('reads the same field at a level, a pixel size and a size in pixels', async () => {
    const slide = await openSlide(file('s.svs'), { reader });
    const region = { x: 512, y: 256, width: 1024, height: 512 };
    const level = await slide.readScaled(region, { level: 1 });
    expect([level.widthPx, level.heightPx]).toEqual([512, 256]);
    expect(
      difference(level.pixels, await slide.readLevel(1, { x: 256, y: 128, width: 512, height: 256 })),
    ).toEqual({
      largest: 0,
      mean: 0,
    });
    const byMpp = await slide.readScaled(region, { mpp: 1 });
    expect(difference(byMpp.pixels, level.pixels).largest).toBe(0);
    const small = await slide.readScaled(region, { widthPx: 200, heightPx: 100 });
    const golden = await asSharp(await slide.readRegion(region), 1024, 512)
      .resize(200, 100, { fit: 'fill', kernel: 'cubic' })
      .raw()
      .toBuffer();
    // The level in between was averaged and compressed once more.
    expect(difference(small.pixels, golden).mean).toBeLessThan(2);
    const larger = await slide.readScaled({ ...region, width: 10, height: 10 }, { mpp: 0.25 });
    expect([larger.widthPx, larger.heightPx]).toEqual([20, 20]);
    await slide.close();
  });

  it('answers many overlapping reads at a time', async () => {
    const slide = await openSlide(file('s.svs'), { reader, cacheBytes: 300_000 });
    const regions = someRegions(2050, 1500, 30);
    const together = await Promise.all(regions.map((region) => slide.readRegion(region)));
    for (const [i, region] of regions.entries())
      expect(difference(await slide.readRegion(region), together[i]!).largest).toBe(0);
    await slide.close();
  });

  it('finishes running reads before it closes, and refuses later ones', async () => {
    const slide = await openSlide(file('s.svs'), { reader });
    const running = slide.readRegion({ x: 0, y: 0, width: 2050, height: 1500 });
    const closing = slide.close();
    expect((await running).length).toBe(3 * 2050 * 1500);
    await closing;
    await slide.close();
    await expect(slide.readRegion({ x: 0, y: 0, width: 1, height: 1 })).rejects.toThrow('already closed');
  });

  it('refuses what makes no sense', async () => {
    const slide = await openSlide(file('s.svs'), { reader });
    const one = { x: 0, y: 0, width: 1, height: 1 };
    await expect(slide.readLevel(4, one)).rejects.toThrow('a level from 0 to 3');
    await expect(slide.readScaled(one, { mpp: 0 })).rejects.toThrow(UsageError);
    await expect(slide.readScaled({ ...one, width: 0 }, { level: 0 })).rejects.toThrow(UsageError);
    await expect(slide.readRegion({ ...one, x: 0.5 })).rejects.toThrow('whole pixel numbers');
    await expect(slide.readRegion({ ...one, width: 1e5, height: 1e5 })).rejects.toThrow(
      'at most 600 megapixels',
    );
    await expect(slide.readThumbnail(0)).rejects.toThrow(UsageError);
    await slide.close();
    await expect(openSlide(file('nothing.svs'), { reader })).rejects.toThrow(UsageError);
    await expect(openSlide(file('s.svs'), { reader, mpp: -1 })).rejects.toThrow(UsageError);
  });
});

describe.skipIf(!hasOpenSlide)('built-in reader against OpenSlide', () => {
  it.each(['jpeg', 'deflate'] as const)('same bytes for %s tiles', async (compression) => {
    const path = file(`${compression}.tif`);
    await writeSyntheticSlide(path, {
      seed: 2,
      widthPx: 1030,
      heightPx: 1300,
      compression,
      description: 'x',
    });
    await expectSameBytes(path, 2);
  });

  it.skipIf(slides === undefined)(
    'same bytes for a real Aperio slide and its associated images',
    async () => {
      const [a, b] = await expectSameBytes(`${slides}/cmu-1-small-region.svs`, 1);
      expect([a, b]).toEqual([
        ['label', 'macro', 'thumbnail'],
        ['label', 'macro', 'thumbnail'],
      ]);
    },
  );

  it('leaves JPEG 2000 tiles to OpenSlide where reader is auto', async () => {
    const tags = withTags(RGB8, [259, 3, [33005]], [270, 2, 'Aperio Image\r\n32x32|MPP = 0.25|AppMag = 40']);
    const chunks = [Buffer.from(JPEG_2000, 'base64')];
    await writeFile(file('j2k.svs'), buildTiff([{ widthPx: 32, heightPx: 32, tilePx: 32, chunks, tags }]));
    await expect(openSlide(file('j2k.svs'), { reader: 'builtin' })).rejects.toThrow('found JPEG 2000');
    const slide = await openSlide(file('j2k.svs'));
    expect([slide.reader, slide.mpp]).toEqual(['openslide', 0.25]);
    const golden = Uint8Array.from({ length: 3072 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 32, Math.floor(i / 96)];
      return [8 * x, 4 * y + 60, 90][i % 3]!;
    });
    const region = { x: 0, y: 0, width: 32, height: 32 };
    expect(difference(await slide.readRegion(region), golden).largest).toBe(0);
    await slide.close();
  });

  async function expectSameBytes(path: string, levels: number): Promise<string[][]> {
    const a = await openSlide(path, { reader: 'builtin' });
    const b = await openSlide(path, { reader: 'openslide' });
    try {
      expect(a.levels).toEqual(b.levels);
      for (let level = 0; level < levels; level++) {
        const { widthPx: width, heightPx: height } = a.levels[level]!;
        const whole = { x: 0, y: 0, width, height };
        expect(difference(await a.readLevel(level, whole), await b.readLevel(level, whole)).largest).toBe(0);
      }
      for (const name of a.associatedNames) {
        const [x, y] = [await a.readAssociated(name), await b.readAssociated(name)];
        expect(difference(x.pixels, y.pixels).largest, name).toBe(0);
      }
      return [a, b].map(({ associatedNames }) => [...associatedNames].sort());
    } finally {
      await a.close();
      await b.close();
    }
  }
});

describe('openSlide', () => {
  it('takes plain pictures as slides of one level', async () => {
    await asSharp(colourful(90, 60), 90, 60).png().toFile(file('plain.png'));
    const slide = await openSlide(file('plain.png'));
    expect([slide.reader, slide.levels]).toEqual(['image', [{ widthPx: 90, heightPx: 60, downsample: 1 }]]);
    const small = await slide.readThumbnail(30);
    expect([small.widthPx, small.heightPx, small.scale]).toEqual([30, 20, 1 / 3]);
    await slide.close();
  });

  it('serves patches around spots like any image', async () => {
    const slide = await openSlide(file('s.svs'));
    const geometry = { patchUm: 16, mpp: 0.5, sizePx: 32, exactSidePx: 32, sidePx: 32 };
    const patch = await readPatch(slide, { x: 1000, y: 800 }, geometry);
    const golden = await slide.readRegion({ x: 984, y: 784, width: 32, height: 32 });
    expect(difference(patch, golden).largest).toBe(0);
    await slide.close();
  });

  it('says that text is no slide, and that a half slide is damaged', async () => {
    await writeFile(file('text.svs'), 'no slide');
    for (const reader of readers)
      await expect(openSlide(file('text.svs'), { reader })).rejects.toThrow(DataError);
    const whole = await readFile(file('s.svs'));
    await writeFile(file('half.svs'), whole.subarray(0, whole.length / 2));
    await expect(openSlide(file('half.svs'), { reader: 'builtin' })).rejects.toThrow('truncated or damaged');
  });

  it('names an unknown reader and an absent library', async () => {
    await expect(openSlide(file('s.svs'), { reader: 'vips' as never })).rejects.toThrow(
      'one of auto, builtin, openslide',
    );
    await expect(openSlide(file('s.svs'), { cacheBytes: -1 })).rejects.toThrow(UsageError);
  });
});

describe('readResampled', () => {
  it('shrinks a large picture in bands as it would in one piece', async () => {
    const [width, height] = [5200, 3500];
    const pixels = new Uint8Array(3 * width * height);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (i >> 7) ^ (i >> 15);
    const image = imageFromPixels({ pixels, widthPx: width, heightPx: height, path: 'pattern' });
    let largest = 0;
    const read = (part: Region) => {
      largest = Math.max(largest, part.width * part.height);
      return image.readRegion(part);
    };
    const region = { x: 0, y: 0, width, height };
    const banded = await readResampled(read, region, { widthPx: 520, heightPx: 350 });
    const golden = await asSharp(pixels, width, height)
      .resize(520, 350, { fit: 'fill', kernel: 'cubic' })
      .raw()
      .toBuffer();
    expect(largest).toBeLessThan(2 ** 22.1);
    expect(difference(banded.pixels, golden).mean).toBeLessThan(1.5);
  });
});

describe('levelFor', () => {
  it('takes the smallest level that is fine enough', () => {
    const levels = [1, 4.0003, 16.01].map((downsample) => ({ widthPx: 1, heightPx: 1, downsample }));
    expect([0.5, 1, 3.9, 4, 15, 16, 64].map((d) => levelFor(levels, d))).toEqual([0, 0, 0, 1, 1, 2, 2]);
  });
});

describe('TileCache', () => {
  const tile = (n: number) => new Uint8Array(n);

  it('drops the least recently used tile first and never holds more than its limit', async () => {
    const cache = new TileCache(25);
    const loads: string[] = [];
    const get = (key: string, size = 10) =>
      cache.get(key, async () => {
        loads.push(key);
        return tile(size);
      });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key);
    expect(loads).toEqual(['a', 'b', 'c', 'b']);
    expect(cache.heldBytes).toBe(20);
    await get('huge', 26);
    expect(cache.heldBytes).toBe(20);
  });

  it('loads once for callers that come together, and again after a failure', async () => {
    const cache = new TileCache(100);
    let loads = 0;
    const load = async () => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (loads === 1) throw new Error('first');
      return tile(3);
    };
    const failures = await Promise.allSettled([cache.get('a', load), cache.get('a', load)]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.all([cache.get('a', load), cache.get('a', load)]);
    expect(loads).toBe(2);
  });
});

describe('WorkLimit', () => {
  it('runs no more tasks than allowed, in order, and survives failures', async () => {
    const limit = new WorkLimit(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const task = (i: number) =>
      limit.run(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        order.push(i);
        if (i === 1) throw new Error('one');
      });
    await Promise.allSettled([0, 1, 2, 3, 4].map(task));
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });
});
