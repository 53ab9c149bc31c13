/** Patch sources: what they list, what they deliver, and what they say about files they cannot use. */
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { File as Hdf5, ready } from 'h5wasm/node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resizeBox } from '../../src/data/pixels/resize.ts';
import { packImage } from '../../src/data/pixels/rgb-image.ts';
import { Scratch } from '../../src/data/pixels/scratch.ts';
import { openPatches } from '../../src/data/sources/open-patches.ts';
import { listPatchFiles } from '../../src/data/sources/patch-file.ts';
import { joinListings, type PatchListing, patchCount } from '../../src/data/sources/patch-set.ts';
import { decodePicture, listPictures } from '../../src/data/sources/pictures.ts';
import { writeSectionPatches } from '../../src/data/sources/section-patches.ts';
import { listSlideSquares } from '../../src/data/sources/slide-squares.ts';
import { DataError, UsageError } from '../../src/errors.ts';
import { openImage, patchGeometry, readPatch } from '../../src/slide/index.ts';
import { readStSection, type Section } from '../../src/spatial/index.ts';
import { sharedData } from '../support/paths.ts';
import { randomPixels, writePicture } from './generated-patches.ts';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mvhybrid-sources-'));
  await ready;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function readAll(listing: PatchListing): Promise<{ id: string; pixels: number[]; size: number[] }[]> {
  const patches = await openPatches(listing);
  try {
    expect(patches.count).toBe(patchCount(listing));
    const all = [];
    for (let i = 0; i < patches.count; i++) {
      const { pixels, widthPx, heightPx } = await patches.read(i);
      all.push({ id: patches.id(i), pixels: [...pixels], size: [widthPx, heightPx] });
    }
    return all;
  } finally {
    await patches.close();
  }
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
}

type NewDataset = Parameters<Hdf5['create_dataset']>[0];

/** Writes an HDF5 file with data sets, and attributes on one of them. */
function writeHdf5(
  path: string,
  datasets: readonly NewDataset[],
  attributes: Readonly<Record<string, number | string | Int32Array | Float64Array>> = {},
): string {
  const file = new Hdf5(path, 'w');
  for (const dataset of datasets) {
    const made = file.create_dataset(dataset);
    for (const [name, value] of Object.entries(attributes)) made.create_attribute(name, value);
  }
  file.close();
  return path;
}

describe('pictures', () => {
  it('are found in all folders below, sorted, without hidden files and other endings', async () => {
    const root = at('pictures');
    for (const name of ['b.png', 'a/z.JPG', 'a/b/c.tiff', 'Z.png', '.hidden.png', 'a/.x/y.png'])
      await writePicture(join(root, name.replace('JPG', 'jpg')), randomPixels(name, 8), 8);
    await writeFile(join(root, 'notes.txt'), 'no picture');
    await mkdir(at('elsewhere'));
    await writePicture(at('elsewhere', 'linked.png'), randomPixels('linked', 8), 8);
    await symlink(at('elsewhere'), join(root, 'link'));
    await symlink(root, join(root, 'a', 'back'));
    await symlink(at('nothing.png'), join(root, 'dead.png'));
    const listing = await listPictures(root);
    expect(listing.names).toEqual(['Z.png', 'a/b/c.tiff', 'a/z.jpg', 'b.png', 'link/linked.png']);
    const all = await readAll(listing);
    expect(all.map(({ id }) => id)).toEqual(listing.names);
    expect(all[3]!.pixels).toEqual([...randomPixels('b.png', 8)]);
  });

  it('become RGB8 whatever their samples are', async () => {
    const flat = (channels: 1 | 2 | 3 | 4, value: number[]) =>
      sharp(Buffer.from(Array(12).fill(value).flat()), { raw: { width: 4, height: 3, channels } });
    await flat(1, [90]).toColourspace('b-w').png().toFile(at('grey.png'));
    await flat(4, [200, 100, 50, 0]).png().toFile(at('clear.png'));
    await flat(3, [200, 100, 50]).toColourspace('rgb16').png().toFile(at('deep.png'));
    for (const [name, colour] of [
      ['grey.png', [90, 90, 90]],
      ['clear.png', [200, 100, 50]],
      ['deep.png', [200, 100, 50]],
    ] as const) {
      const { pixels, widthPx, heightPx } = await decodePicture(at(name));
      expect([widthPx, heightPx, [...pixels.slice(-3)]]).toEqual([4, 3, colour]);
    }
  });

  it('that cannot be decoded are named', async () => {
    await writePicture(at('cut.png'), randomPixels('cut', 40), 40);
    await truncate(at('cut.png'), 1000);
    const error = await failure(decodePicture(at('cut.png')));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain(at('cut.png'));
    expect(await failure(decodePicture(at('absent.png')))).toBeInstanceOf(DataError);
  });

  it('must exist', async () => {
    expect(await failure(listPictures(at('absent')))).toBeInstanceOf(UsageError);
    await mkdir(at('empty'));
    const error = await failure(listPictures(at('empty')));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('needed PNG, JPEG or TIFF files, found none');
  });
});

/** Where in a file a zlib stream begins that holds `content`; -1 without one. */
function compressedAt(bytes: Buffer, content: Uint8Array): number {
  for (let i = bytes.indexOf(0x78); i >= 0; i = bytes.indexOf(0x78, i + 1)) {
    try {
      if (inflateSync(bytes.subarray(i)).equals(content)) return i;
    } catch {
      // no stream begins here
    }
  }
  return -1;
}

describe('patch files', () => {
  const patches = (name: string, count: number, side: number) =>
    Uint8Array.from(Array.from({ length: count }, (_, i) => [...randomPixels(`${name} ${i}`, side)]).flat());
  const images = (name: string, count: number, side: number): NewDataset => ({
    name: 'img',
    data: patches(name, count, side),
    shape: [count, side, side, 3],
    chunks: [1, side, side, 3],
    dtype: '<B',
  });

  it('give their rows, file after file', async () => {
    const paths = [
      writeHdf5(at('one.h5'), [images('one', 3, 8)]),
      writeHdf5(at('none.h5'), [images('none', 1, 4)]),
      writeHdf5(at('two.h5'), [{ ...images('two', 2, 12), compression: 'gzip' }]),
    ];
    const listing = await listPatchFiles(paths);
    expect(listing.files.map(({ count, sizePx }) => [count, sizePx])).toEqual([
      [3, 8],
      [1, 4],
      [2, 12],
    ]);
    const all = await readAll(listing);
    expect(all.map(({ id }) => id)).toEqual([
      'one.h5[0]',
      'one.h5[1]',
      'one.h5[2]',
      'none.h5[0]',
      'two.h5[0]',
      'two.h5[1]',
    ]);
    expect(all[2]!.pixels).toEqual([...randomPixels('one 2', 8)]);
    expect(all[5]).toMatchObject({ pixels: [...randomPixels('two 1', 12)], size: [12, 12] });
  });

  it('may be more than stay open at once, read in any order at the same time', async () => {
    const paths = Array.from({ length: 40 }, (_, i) =>
      writeHdf5(at(`many-${i}.h5`), [images(`many ${i}`, 1, 4)]),
    );
    const set = await openPatches(await listPatchFiles(paths));
    const order = Array.from({ length: 120 }, (_, i) => (i * 17) % 40);
    const read = await Promise.all(order.map((i) => set.read(i)));
    await set.close();
    order.forEach((i, n) => void expect([...read[n]!.pixels]).toEqual([...randomPixels(`many ${i} 0`, 4)]));
  });

  it('must be whole and of the right shape', async () => {
    expect(await failure(listPatchFiles([]))).toBeInstanceOf(UsageError);
    expect(await failure(listPatchFiles([at('absent.h5')]))).toBeInstanceOf(DataError);
    const other = writeHdf5(at('other.h5'), [{ name: 'features', data: new Float32Array(4) }]);
    expect((await failure(listPatchFiles([other]))).message).toContain('needed a data set "img", found none');
    const floats = { name: 'img', data: new Float32Array(48), shape: [1, 4, 4, 3], dtype: '<f' };
    expect(await failure(listPatchFiles([writeHdf5(at('floats.h5'), [floats])]))).toBeInstanceOf(DataError);
    const oblong = { name: 'img', data: new Uint8Array(60), shape: [1, 4, 5, 3], dtype: '<B' };
    const error = await failure(listPatchFiles([writeHdf5(at('oblong.h5'), [oblong])]));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('(1,4,5,3)');
  });

  it('that have lost their end are broken patches, not a fault', async () => {
    const path = writeHdf5(at('short.h5'), [images('short', 60, 16)]);
    const listing = await listPatchFiles([path]);
    await truncate(path, 20_000);
    const set = await openPatches(listing);
    const error = await failure(set.read(59));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain(path);
    await set.close();
  });

  it('with one damaged chunk lose that row only', async () => {
    const path = writeHdf5(at('damaged.h5'), [{ ...images('damaged', 3, 32), compression: 'gzip' }]);
    const bytes = await readFile(path);
    const chunk = compressedAt(bytes, randomPixels('damaged 1', 32));
    expect(chunk).toBeGreaterThan(0);
    await writeFile(path, bytes.fill(0xff, chunk, chunk + 200));
    const set = await openPatches(await listPatchFiles([path]));
    expect(await failure(set.read(1))).toBeInstanceOf(DataError);
    for (const row of [0, 2])
      expect([...(await set.read(row)).pixels]).toEqual([...randomPixels(`damaged ${row}`, 32)]);
    await set.close();
  });
});

describe('slide squares', () => {
  const slide = randomPixels('slide', 120, 90);
  const square = (x: number, y: number, side: number) =>
    Array.from({ length: side * side }, (_, i) => {
      const [px, py] = [x + (i % side), y + Math.floor(i / side)];
      const inside = px >= 0 && py >= 0 && px < 120 && py < 90;
      return inside ? [...slide.slice(3 * (120 * py + px), 3 * (120 * py + px) + 3)] : [255, 255, 255];
    }).flat();
  let slidePath: string;
  beforeAll(async () => {
    slidePath = at('slide.png');
    await writePicture(slidePath, slide, 120);
  });
  const corners = [
    [10, 20],
    [110, 80],
    [0, 3],
  ];
  const coords = (dtype: '<i' | '<q'): NewDataset => ({
    name: 'coords',
    data: dtype === '<i' ? Int32Array.from(corners.flat()) : BigInt64Array.from(corners.flat().map(BigInt)),
    shape: [corners.length, 2],
    dtype,
  });

  it('of CLAM have the size of their level', async () => {
    const attributes = { patch_size: 8, patch_level: 1, downsample: Float64Array.of(2, 2), name: 'slide' };
    const coordsPath = writeHdf5(at('clam.h5'), [coords('<i')], attributes);
    const listing = await listSlideSquares({ coordsPath, slidePath });
    expect(listing).toMatchObject({ sidePx: 16, sizePx: 8 });
    const all = await readAll(listing);
    expect(all[0]!.id).toBe(`${slidePath}(10, 20)`);
    const scratch = new Scratch();
    corners.forEach(([x, y], i) => {
      const image = { pixels: Uint8Array.from(square(x!, y!, 16)), widthPx: 16, heightPx: 16 };
      const out = new Uint8ClampedArray(3 * 64);
      resizeBox(packImage(image, new Int32Array(256)), { x: 0, y: 0, width: 16, height: 16 }, 8, {
        out,
        scratch,
      });
      expect(all[i]).toMatchObject({ pixels: [...out], size: [8, 8] });
    });
  });

  it('of TRIDENT and of CLAM at level 0 are copied as they are, white outside', async () => {
    const trident = {
      patch_size: 12,
      patch_size_level0: 12,
      level0_width: 120,
      level0_height: 90,
      overlap: 0,
    };
    const tridentPath = writeHdf5(at('trident.h5'), [coords('<q')], trident);
    const clamPath = writeHdf5(at('clam0.h5'), [coords('<i')], { patch_size: 12, patch_level: 0 });
    for (const coordsPath of [tridentPath, clamPath]) {
      const all = await readAll(await listSlideSquares({ coordsPath, slidePath }));
      expect(all.map(({ pixels }) => pixels)).toEqual(corners.map(([x, y]) => square(x!, y!, 12)));
    }
    const larger = await readAll(await listSlideSquares({ coordsPath: tridentPath, slidePath, sizePx: 20 }));
    expect(larger[0]!.size).toEqual([20, 20]);
  });

  it('of another slide are refused', async () => {
    const sized = { patch_size: 12, patch_size_level0: 12, level0_width: 500, level0_height: 400 };
    const wrong = await listSlideSquares({
      coordsPath: writeHdf5(at('sized.h5'), [coords('<i')], sized),
      slidePath,
    });
    const error = await failure(readAll(wrong));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('needed a slide of 500 x 400 pixels');
    const far = { name: 'coords', data: Int32Array.of(500, 10), shape: [1, 2], dtype: '<i' };
    const coordsPath = writeHdf5(at('far.h5'), [far], { patch_size: 12, patch_level: 0 });
    expect((await failure(readAll(await listSlideSquares({ coordsPath, slidePath })))).message).toContain(
      '(500, 10)',
    );
  });

  it('need a size', async () => {
    const bare = writeHdf5(at('bare.h5'), [coords('<i')], { patch_size: 256, patch_level: 2 });
    const error = await failure(listSlideSquares({ coordsPath: bare, slidePath }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('patch_size_level0');
    const empty = writeHdf5(at('nothing.h5'), [{ name: 'img', data: new Uint8Array(3) }]);
    expect((await failure(listSlideSquares({ coordsPath: empty, slidePath }))).message).toContain('"coords"');
    const flat = writeHdf5(at('flat.h5'), [
      { name: 'coords', data: Int32Array.of(1, 2), shape: [2], dtype: '<i' },
    ]);
    expect((await failure(listSlideSquares({ coordsPath: flat, slidePath }))).message).toContain('(N, 2)');
    const good = writeHdf5(at('good.h5'), [coords('<i')], { patch_size: 12, patch_level: 0 });
    expect(await failure(listSlideSquares({ coordsPath: good, slidePath, sizePx: 0 }))).toBeInstanceOf(
      UsageError,
    );
  });

  it('can be read by another opener', async () => {
    const module = at('opener.mjs');
    await writeFile(
      module,
      `export async function open(path) {
        return { path, widthPx: 120, heightPx: 90, close: async () => {},
          readRegion: async ({ x, y, width, height }) => new Uint8Array(3 * width * height).fill(x + y) };
      }\nexport const nothing = 1;\n`,
    );
    const coordsPath = writeHdf5(at('opened.h5'), [coords('<i')], { patch_size: 4, patch_level: 0 });
    const all = await readAll(
      await listSlideSquares({ coordsPath, slidePath, opener: { module, name: 'open' } }),
    );
    expect(all.map(({ pixels }) => pixels[47])).toEqual([30, 190, 3]);
    const wrong = await listSlideSquares({ coordsPath, slidePath, opener: { module, name: 'nothing' } });
    expect(await failure(readAll(wrong))).toBeInstanceOf(UsageError);
  });
});

describe('section patches', () => {
  const patchesOf = async (section: Section, geometry: { patchUm: number; sizePx: number }) => {
    const image = await openImage(section.imagePath);
    const sized = patchGeometry({ ...geometry, mpp: section.mpp });
    const all = [];
    for (const spot of section.spots) all.push([...(await readPatch(image, spot, sized))]);
    await image.close();
    return all;
  };

  it('are cut around the spots into a file in HEST layout', async () => {
    await writePicture(at('tissue.png'), randomPixels('tissue', 80, 60), 80);
    const spots = [
      { barcode: 'a', x: 20, y: 30 },
      { barcode: 'b-1', x: 1, y: 2 },
      { barcode: 'c', x: 70.4, y: 41.6 },
    ];
    const section = { id: 's', imagePath: at('tissue.png'), mpp: 0.5, spots } as unknown as Section;
    await writeSectionPatches(section, at('cut', 's.h5'), { patchUm: 6, sizePx: 16 });
    const listing = await listPatchFiles([at('cut', 's.h5')]);
    const all = await readAll(listing);
    expect(all.map(({ pixels }) => pixels)).toEqual(await patchesOf(section, { patchUm: 6, sizePx: 16 }));
    const file = new Hdf5(at('cut', 's.h5'), 'r');
    const value = (name: string) => (file.get(name) as unknown as { value: ArrayLike<unknown> }).value;
    expect(value('barcode')).toEqual(['a', 'b-1', 'c']);
    expect(Array.from(value('coords'), Number)).toEqual([14, 24, -5, -4, 64, 36]);
    file.close();
  });

  it('need spots on the image', async () => {
    const section = { id: 's', imagePath: at('tissue.png'), mpp: 0.5, spots: [] } as unknown as Section;
    const options = { patchUm: 6, sizePx: 16 };
    expect(await failure(writeSectionPatches(section, at('x.h5'), options))).toBeInstanceOf(UsageError);
    const outside = { ...section, spots: [{ barcode: 'far', x: 900, y: 5 }] };
    expect(await failure(writeSectionPatches(outside, at('x.h5'), options))).toBeInstanceOf(DataError);
    expect(await failure(listPatchFiles([at('x.h5')]))).toBeInstanceOf(DataError);
  });

  const her2st = sharedData('her2st');
  it.skipIf(her2st === undefined)('of a real section', async () => {
    const section = await readStSection(join(her2st!, 'A1'));
    const few = { ...section, spots: section.spots.slice(0, 20) };
    const options = { patchUm: 112, sizePx: 224 };
    await writeSectionPatches(few, at('a1.h5'), options);
    const all = await readAll(await listPatchFiles([at('a1.h5')]));
    expect(all.map(({ pixels }) => pixels)).toEqual(await patchesOf(few, options));
  });
});

describe('joined sources', () => {
  it('follow each other', async () => {
    await writePicture(at('join', 'p.png'), randomPixels('p', 6), 6);
    const file = writeHdf5(at('join.h5'), [
      { name: 'img', data: randomPixels('q', 4), shape: [1, 4, 4, 3], dtype: '<B' },
    ]);
    const pictures = await listPictures(at('join'));
    const listing = joinListings([pictures, await listPatchFiles([file]), joinListings([pictures])]);
    expect((await readAll(listing)).map(({ id, size }) => [id, size[0]])).toEqual([
      ['p.png', 6],
      ['join.h5[0]', 4],
      ['p.png', 6],
    ]);
  });
});
