import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import { halveRows } from '../../src/slide/tiff/halve.ts';
import { writePyramid } from '../../src/slide/tiff/write-pyramid.ts';
import { writeSyntheticSlide } from '../../src/synthetic/write-slide.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mvhybrid-slide-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('writeSyntheticSlide', () => {
  it('gives the same bytes for the same seed, tissue on glass, and its pixel size', async () => {
    const write = (name: string, seed: number) =>
      writeSyntheticSlide(join(folder, name), { seed, widthPx: 900, heightPx: 700, mpp: 0.25 });
    const { levels, tissueShare } = await write('a.svs', 1);
    await write('b.svs', 1);
    await write('c.svs', 2);
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => readFile(join(folder, `${name}.svs`))));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
    expect(levels.map(({ widthPx }) => widthPx)).toEqual([900, 450, 225]);
    expect(tissueShare).toBeGreaterThan(0.15);
    expect(tissueShare).toBeLessThan(0.8);
    const slide = await openSlide(join(folder, 'a.svs'));
    expect([slide.mpp, slide.format, slide.properties.get('aperio.AppMag')]).toEqual([0.25, 'aperio', '40']);
    const corner = await slide.readRegion({ x: 2, y: 2, width: 1, height: 1 });
    expect(Math.min(...corner)).toBeGreaterThan(215);
    await slide.close();
  });

  it('refuses sizes out of range', async () => {
    const write = (options: object) =>
      writeSyntheticSlide(join(folder, 'x.svs'), { seed: 1, widthPx: 100, heightPx: 100, ...options });
    await expect(write({ widthPx: 10 })).rejects.toThrow(UsageError);
    await expect(write({ mpp: 50 })).rejects.toThrow(UsageError);
    await expect(write({ tilePx: 100 })).rejects.toThrow('a multiple of 16');
    await expect(write({ seed: 0.5 })).rejects.toThrow(UsageError);
  });
});

describe('writePyramid', () => {
  const [W, H] = [333, 211];
  const pixels = Uint8Array.from({ length: 3 * W * H }, (_, i) => (i * 7 + (i >> 8)) & 255);
  const rows = (y: number, count: number) => pixels.subarray(3 * W * y, 3 * W * (y + count));

  it.each([
    ['deflate', false],
    ['none', true],
  ] as const)('keeps pixels and averages levels: %s, BigTIFF %s', async (compression, bigTiff) => {
    const path = join(folder, `${compression}.tif`);
    const levels = await writePyramid(path, {
      widthPx: W,
      heightPx: H,
      readRows: rows,
      tilePx: 64,
      compression,
      bigTiff,
    });
    expect(levels.map(({ widthPx, heightPx }) => [widthPx, heightPx])).toEqual([
      [333, 211],
      [166, 105],
      [83, 52],
      [41, 26],
    ]);
    let golden: Uint8Array = pixels;
    for (const [page, { widthPx, heightPx }] of levels.entries()) {
      // Read back by another library.
      const back = await sharp(path, { page }).raw().toBuffer();
      expect(Buffer.compare(back, golden), `level ${page}`).toBe(0);
      golden = halveRows(golden, widthPx, heightPx, Math.floor(widthPx / 2));
    }
  });

  it('leaves nothing behind when it is stopped or given wrong rows', async () => {
    const path = join(folder, 'stopped.tif');
    const controller = new AbortController();
    const spec = { widthPx: W, heightPx: H, tilePx: 64, readRows: rows };
    const stopped = writePyramid(path, {
      ...spec,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    await expect(writePyramid(path, { ...spec, readRows: () => new Uint8Array(5) })).rejects.toThrow(
      'found 5',
    );
    expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });
});
