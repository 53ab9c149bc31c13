import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import { writePyramid } from '../../src/slide/tiff/write-pyramid.ts';
import { readCoords } from '../../src/slide/tiles/coords-file.ts';
import { partGrid, slideGrid } from '../../src/slide/tiles/grid.ts';
import { patchSize } from '../../src/slide/tiles/patch-size.ts';
import { readTiles } from '../../src/slide/tiles/read-tiles.ts';
import { tileSlide } from '../../src/slide/tiles/tile-slide.ts';
import { readGeojsonTissue } from '../../src/slide/tissue/geojson-mask.ts';
import { maskPng } from '../../src/slide/tissue/mask-image.ts';
import { writeSyntheticSlide } from '../../src/synthetic/write-slide.ts';
import { difference, temporaryFolder } from './pictures.ts';

const file = temporaryFolder('tile');
const [W, H] = [3000, 2200];
let tissueShare = 0;

beforeAll(async () => {
  ({ tissueShare } = await writeSyntheticSlide(file('s.svs'), { seed: 3, widthPx: W, heightPx: H }));
});

describe('tileSlide', () => {
  it('writes coordinates, picture, GeoJSON and summary that agree', async () => {
    const steps: string[] = [];
    const outFolder = file('out');
    const summary = await tileSlide(file('s.svs'), {
      outFolder,
      patchPx: 128,
      targetMpp: 1,
      geojson: true,
      minFocus: 1,
      onProgress: ({ step }) => steps.push(step),
    });
    expect(summary).toMatchObject({ status: 'tiled', reason: null, mpp: 0.5, reader: 'builtin' });
    expect(summary.size).toEqual({ sidePx: 256, stepPx: 256, sizePx: 128, overlapPx: 0 });
    expect((await readdir(outFolder)).sort()).toEqual(['s.geojson', 's.h5', 's.json', 's.png']);
    expect(JSON.parse(await readFile(summary.files.summary, 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(summary)),
    );
    const table = await readCoords(summary.files.coords!);
    expect(table.corners.length / 2).toBe(summary.counts.kept);
    // The patch is level 1 of the slide, which CLAM can name.
    expect([table.layout, table.sidePx, table.sizePx, table.attributes.get('patch_level')]).toEqual([
      'clam',
      256,
      128,
      1,
    ]);
    expect([...table.columns.keys()]).toEqual(['focus', 'ink_share', 'tissue_share']);
    const outlines = await readGeojsonTissue(summary.files.geojson!, { classes: ['Tissue'] });
    expect(outlines.parts.length).toBe(summary.tissue.parts);
    const squares = await readGeojsonTissue(summary.files.geojson!, { classes: ['Patch'] });
    expect(squares.parts.flatMap(({ outline }) => [...outline.points.subarray(0, 2)])).toEqual([
      ...table.corners,
    ]);
    const picture = await sharp(summary.files.overlay!).metadata();
    expect([picture.width, picture.height]).toEqual([1600, Math.round((1600 * H) / W)]);
    expect(new Set(steps)).toEqual(new Set(['tissue', 'grid', 'focus', 'files']));
    // The drawn tissue has a soft border of some pixels.
    const areaMm2 = tissueShare * W * H * 0.25e-6;
    expect(summary.tissue.areaMm2! / areaMm2).toBeGreaterThan(0.93);
    expect(summary.tissue.areaMm2! / areaMm2).toBeLessThan(1.07);
  });

  it('reads the patches it lists', async () => {
    const outFolder = file('read');
    const { files } = await tileSlide(file('s.svs'), {
      outFolder,
      patchUm: 64,
      patchPx: 100,
      layout: 'trident',
    });
    const table = await readCoords(files.coords!);
    expect([table.sidePx, table.sizePx, table.attributes.get('target_magnification')]).toEqual([
      128,
      100,
      (20 * 100) / 128,
    ]);
    const slide = await openSlide(file('s.svs'));
    let count = 0;
    for await (const { index, pixels } of readTiles(slide, table)) {
      expect(pixels.length).toBe(3 * 100 * 100);
      if (index === 5) {
        const region = { x: table.corners[10]!, y: table.corners[11]!, width: 128, height: 128 };
        const golden = await slide.readScaled(region, { widthPx: 100, heightPx: 100 });
        expect(difference(pixels, golden.pixels).largest).toBe(0);
      }
      count++;
    }
    expect(count).toBe(table.corners.length / 2);
    await slide.close();
  });

  it('keeps patches with enough tissue only, and none outside with edges inside', async () => {
    const all = await tileSlide(file('s.svs'), {
      outFolder: file('a'),
      patchPx: 256,
      rule: 'box',
      edges: 'pad',
    });
    const some = await tileSlide(file('s.svs'), {
      outFolder: file('b'),
      patchPx: 256,
      rule: 'box',
      grid: 'slide',
      edges: 'inside',
      minTissueShare: 0.5,
    });
    expect(some.counts.kept).toBeLessThan(all.counts.kept);
    expect(some.counts.kept + some.counts.littleTissue).toBe(some.counts.candidates);
    const table = await readCoords(some.files.coords!);
    expect(Math.min(...table.columns.get('tissue_share')!)).toBeGreaterThanOrEqual(0.5);
    for (let i = 0; i < table.corners.length; i += 2) {
      expect(table.corners[i]! % 256).toBe(0);
      expect(table.corners[i]! + 256).toBeLessThanOrEqual(W);
      expect(table.corners[i + 1]! + 256).toBeLessThanOrEqual(H);
    }
  });

  it('says why a slide is empty, without an error, and removes old coordinates', async () => {
    await writePyramid(file('glass.tif'), {
      widthPx: 600,
      heightPx: 400,
      readRows: (_y, rows) => new Uint8Array(3 * 600 * rows).fill(240),
      mpp: 0.5,
    });
    const outFolder = file('glass');
    const first = await tileSlide(file('glass.tif'), {
      outFolder,
      patchPx: 128,
      tissue: { from: 'whole slide' },
    });
    // Columns at 0, 128, 256, 384 and 512, rows at 0, 128, 256 and 384; of the last ones no quarter point is on the slide.
    expect(first.counts.kept).toBe(15);
    const empty = await tileSlide(file('glass.tif'), { outFolder, patchPx: 128 });
    expect(empty).toMatchObject({ status: 'empty', files: { coords: null } });
    expect(empty.reason).toContain('no pixel has a saturation above 15 (the highest is 0)');
    expect((await readdir(outFolder)).sort()).toEqual(['glass.json', 'glass.png']);
  });

  it('uses outlines and masks of others', async () => {
    const ring = [
      [512, 512],
      [1024, 512],
      [1024, 1024],
      [512, 1024],
      [512, 512],
    ];
    await writeFile(file('own.geojson'), JSON.stringify({ type: 'Polygon', coordinates: [ring] }));
    const drawn = await tileSlide(file('s.svs'), {
      outFolder: file('drawn'),
      patchPx: 256,
      minTissueShare: 0.99,
      tissue: { from: 'geojson', path: file('own.geojson') },
    });
    expect([...(await readCoords(drawn.files.coords!)).corners]).toEqual([
      512, 512, 512, 768, 768, 512, 768, 768,
    ]);
    const data = new Uint8Array(30 * 22);
    data.fill(1, 0, 330);
    await writeFile(file('own.png'), await maskPng({ data, width: 30, height: 22 }));
    const masked = await tileSlide(file('s.svs'), {
      outFolder: file('masked'),
      patchPx: 100,
      rule: 'center',
      tissue: { from: 'mask', path: file('own.png') },
    });
    expect(masked.counts.kept).toBe(29 * 10);
  });

  it('flags ink and blur, and drops them where asked', async () => {
    const [width, height] = [1024, 512];
    const slide = await openSlide(file('s.svs'));
    const tissue = await slide.readRegion({ x: 1000, y: 700, width, height });
    await slide.close();
    const raw = { width, height, channels: 3 as const };
    const blurred = await sharp(tissue, { raw }).blur(4).raw().toBuffer();
    for (let y = 0; y < height; y++) {
      const row = 3 * y * width;
      // Columns from 256 blurred, from 512 covered with green ink.
      tissue.set(blurred.subarray(row + 3 * 256, row + 3 * 512), row + 3 * 256);
      for (let x = 512; x < 768; x++) tissue.set([40, 160 + ((x + y) % 3), 90], row + 3 * x);
    }
    await writePyramid(file('marks.tif'), {
      widthPx: width,
      heightPx: height,
      mpp: 0.5,
      compression: 'deflate',
      readRows: (y, rows) => tissue.subarray(3 * width * y, 3 * width * (y + rows)),
    });
    const options = {
      outFolder: file('marks'),
      patchPx: 256,
      minFocus: 10,
      tissue: { from: 'whole slide' },
      edges: 'inside',
    } as const;
    const flagged = await tileSlide(file('marks.tif'), options);
    // Flat ink is blurred, too.
    expect(flagged.counts).toMatchObject({ candidates: 8, ink: 2, blurred: 4, kept: 8 });
    const dropped = await tileSlide(file('marks.tif'), { ...options, drop: ['ink', 'blurred'] });
    const { corners } = await readCoords(dropped.files.coords!);
    expect([...corners]).toEqual([0, 0, 0, 256, 768, 0, 768, 256]);
  });

  it('stops when it is told to and leaves no half file', async () => {
    const controller = new AbortController();
    const outFolder = file('stopped');
    const running = tileSlide(file('s.svs'), {
      outFolder,
      patchPx: 64,
      minFocus: 20,
      signal: controller.signal,
      onProgress: ({ step, done }) => step === 'focus' && done === 3 && controller.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect(existsSync(outFolder)).toBe(false);
  });

  it('refuses options that do not fit', async () => {
    const run = (options: object) => tileSlide(file('s.svs'), { outFolder: file('x'), ...options } as never);
    await expect(run({})).rejects.toThrow('needed patchUm or patchPx');
    await expect(run({ patchPx: 256, rule: 'five_pt' })).rejects.toThrow('four_pt_hard');
    await expect(run({ patchPx: 256, grid: 'both' })).rejects.toThrow(UsageError);
    await expect(run({ patchPx: 256, layout: 'csv' })).rejects.toThrow('clam, trident');
    await expect(run({ patchPx: 256, drop: ['blurred'] })).rejects.toThrow('set minFocus');
    await expect(run({ patchPx: 256, minTissueShare: 15 })).rejects.toThrow('from 0 to 1');
    await expect(run({ patchPx: 256, tissue: { from: 'segmentation', level: 9 } })).rejects.toThrow(
      'a level from 0 to',
    );
    await sharp({ create: { width: 300, height: 300, channels: 3, background: '#a4a' } })
      .png()
      .toFile(file('nompp.png'));
    await expect(tileSlide(file('nompp.png'), { outFolder: file('x'), patchUm: 50 })).rejects.toThrow(
      DataError,
    );
    await expect(tileSlide(file('nompp.png'), { outFolder: file('x'), patchUm: 50 })).rejects.toThrow(
      'none stated',
    );
    const stated = await tileSlide(file('nompp.png'), { outFolder: file('x'), patchUm: 50, mpp: 1 });
    expect(stated.size.sidePx).toBe(50);
  });
});

describe('patchSize', () => {
  it('turns units into pixels without guessing', () => {
    const at = (options: object, mpp?: number) => patchSize(options, mpp);
    expect(at({ patchPx: 256 })).toEqual({ sidePx: 256, stepPx: 256, sizePx: 256, overlapPx: 0 });
    expect(at({ patchUm: 112, patchPx: 224 }, 0.25)).toMatchObject({ sidePx: 448, sizePx: 224 });
    expect(at({ patchUm: 112, targetMpp: 0.5 }, 0.25)).toMatchObject({ sidePx: 448, sizePx: 224 });
    expect(at({ patchPx: 224, targetMpp: 0.5 }, 0.2738)).toMatchObject({ sidePx: 409, sizePx: 224 });
    expect(at({ patchUm: 100 }, 0.3)).toMatchObject({ sidePx: 333, sizePx: 333 });
    expect(at({ patchPx: 224, targetMpp: 0.5, overlapPx: 24 }, 0.25)).toMatchObject({
      stepPx: 400,
      overlapPx: 24,
    });
    expect(at({ patchPx: 224, targetMpp: 0.5, overlapUm: 12 }, 0.25)).toMatchObject({
      stepPx: 400,
      overlapPx: 24,
    });
    expect(at({ patchPx: 100, overlapPx: -20 })).toMatchObject({ stepPx: 120, overlapPx: -20 });
  });

  it('refuses too much, too little and nonsense', () => {
    for (const bad of [
      {},
      { targetMpp: 0.5 },
      { patchPx: 256, patchUm: 100, targetMpp: 0.5 },
      { patchPx: 256, overlapPx: 1, overlapUm: 1 },
      { patchPx: 0.5 },
      { patchPx: -256 },
      { patchPx: 256, overlapPx: 256 },
      { patchUm: 0.1 },
    ])
      expect(() => patchSize(bad, 0.5), JSON.stringify(bad)).toThrow(UsageError);
  });
});

describe('slideGrid', () => {
  const rectangle = (x: number, y: number, width: number, height: number) => ({
    outline: {
      points: Int32Array.of(x, y, x + width - 1, y, x + width - 1, y + height - 1, x, y + height - 1),
    },
    holes: [],
  });

  it('covers every pixel of tissue exactly once', () => {
    const place = fc.record({
      x: fc.nat(150),
      y: fc.nat(150),
      width: fc.integer({ min: 2, max: 60 }),
      height: fc.integer({ min: 2, max: 60 }),
    });
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        (list, side) => {
          const spec = {
            sidePx: side,
            stepPx: side,
            rule: 'box',
            padEdges: true,
            slideWidthPx: 210,
            slideHeightPx: 210,
          } as const;
          const parts = list.map(({ x, y, width, height }) => rectangle(x, y, width, height));
          const hits = new Uint8Array(250 * 250);
          for (const { x, y } of slideGrid(parts, spec)) {
            expect([x % side, y % side]).toEqual([0, 0]);
            for (let v = y; v < y + side; v++) for (let u = x; u < x + side; u++) hits[v * 250 + u]!++;
          }
          expect(Math.max(...hits)).toBe(1);
          for (const { x, y, width, height } of list) {
            for (let v = y; v < y + height; v++)
              expect(hits.subarray(v * 250 + x, v * 250 + x + width).every((n) => n === 1)).toBe(true);
          }
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });

  it('lists a place once where pieces share it, unlike a grid per piece', () => {
    const parts = [rectangle(0, 0, 30, 30), rectangle(31, 0, 30, 30)];
    const spec = {
      sidePx: 64,
      stepPx: 64,
      rule: 'box',
      padEdges: true,
      slideWidthPx: 100,
      slideHeightPx: 100,
    } as const;
    expect(slideGrid(parts, spec)).toEqual([{ x: 0, y: 0 }]);
    expect(parts.flatMap((part) => partGrid(part, spec)).length).toBe(2);
    expect(() => slideGrid(parts, { ...spec, stepPx: 0 })).toThrow(UsageError);
  });
});
