import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { type Dataset, File, ready } from 'h5wasm/node';
import { describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { type CoordsAttribute, readCoords, writeCoords } from '../../src/slide/tiles/coords-file.ts';
import { temporaryFolder } from './pictures.ts';

const file = temporaryFolder('coords');

const CLAM: [string, CoordsAttribute][] = [
  ['patch_size', 256],
  ['patch_level', 1],
  ['downsample', [4.0001, 4.0003]],
  ['downsampled_level_dim', [500, 400]],
  ['level_dim', [500, 400]],
  ['name', 'slide é'],
  ['save_path', 'out/patches'],
];
const TRIDENT: [string, CoordsAttribute][] = [
  ['patch_size', 224],
  ['patch_size_level0', 448],
  ['level0_magnification', 40],
  ['target_magnification', 20],
  ['overlap', 0],
  ['name', 'slide'],
  ['savetodir', 'out'],
  ['level0_width', 90_000],
  ['level0_height', 80_000],
];

/** A file as other programs write it: fixed-width numbers, no columns. */
async function raw(name: string, make: (file: File) => void): Promise<string> {
  await ready;
  const out = new File(file(name), 'w');
  make(out);
  out.close();
  return file(name);
}

describe('coordinates in HDF5', () => {
  it('come back as they were written, whatever they are', async () => {
    const corner = fc.tuple(fc.integer({ min: -300, max: 2 ** 24 }), fc.integer({ min: 0, max: 2 ** 24 }));
    await fc.assert(
      fc.asyncProperty(fc.array(corner, { maxLength: 40 }), fc.boolean(), async (list, isClam) => {
        const corners = Float64Array.from(list.flat());
        const share = Float32Array.from(list, (_, i) => i / 64);
        const layout = isClam ? 'clam' : 'trident';
        const attributes = new Map(isClam ? CLAM : TRIDENT);
        const sides = isClam ? { sidePx: 1024, sizePx: 256 } : { sidePx: 448, sizePx: 224 };
        const table = {
          layout,
          ...sides,
          corners,
          attributes,
          columns: new Map([['tissue_share', share]]),
        } as const;
        await writeCoords(file('a.h5'), table);
        const back = await readCoords(file('a.h5'));
        expect({ ...back, columns: [...back.columns] }).toEqual({
          ...table,
          columns: [['tissue_share', share]],
        });
      }),
      { numRuns: 25, seed: 4 },
    );
  });

  it('have the types that CLAM and TRIDENT write', async () => {
    const attributes = new Map(CLAM);
    const corners = Float64Array.of(1, 2, 3, 4);
    const sides = { sidePx: 1024, sizePx: 256 };
    await writeCoords(file('types.h5'), {
      layout: 'clam',
      ...sides,
      corners,
      attributes,
      columns: new Map(),
    });
    const open = new File(file('types.h5'), 'r');
    const coords = open.get('coords') as unknown as {
      dtype: string;
      shape: number[];
      metadata: { maxshape: number[] | null };
      attrs: Record<string, { dtype: unknown; shape: number[] | null }>;
    };
    expect([coords.dtype, coords.shape]).toEqual(['<q', [2, 2]]);
    expect(coords.attrs.patch_size).toMatchObject({ dtype: '<q', shape: [] });
    expect(coords.attrs.downsample).toMatchObject({ dtype: '<d', shape: [2] });
    expect(coords.attrs.level_dim).toMatchObject({ dtype: '<q', shape: [2] });
    open.close();
  });

  it('of other programs are read, 32-bit or 64-bit', async () => {
    const path = await raw('trident.h5', (out) => {
      out.create_dataset({ name: 'coords', data: Int32Array.of(5, 6, 7, 8, 9, 10), shape: [3, 2] });
      const coords = out.get('coords') as Dataset;
      for (const [name, value] of TRIDENT) coords.create_attribute(name, value as number);
    });
    const table = await readCoords(path);
    expect([table.layout, table.sidePx, table.sizePx]).toEqual(['trident', 448, 224]);
    expect([...table.corners]).toEqual([5, 6, 7, 8, 9, 10]);
    expect(table.attributes.get('name')).toBe('slide');
  });

  it.each([
    ['no data set "coords"', (out: File) => out.create_dataset({ name: 'x', data: Int32Array.of(1) })],
    [
      '"coords" of shape 2',
      (out: File) => out.create_dataset({ name: 'coords', data: Int32Array.of(1, 2), shape: [2] }),
    ],
    [
      'no attribute "patch_size"',
      (out: File) => out.create_dataset({ name: 'coords', data: Int32Array.of(1, 2), shape: [1, 2] }),
    ],
    [
      'neither "patch_size_level0" nor "patch_level"',
      (out: File) => {
        out.create_dataset({ name: 'coords', data: Int32Array.of(1, 2), shape: [1, 2] });
        (out.get('coords') as Dataset).create_attribute('patch_size', 256);
      },
    ],
  ])('without what is needed are refused: %s', async (message, make) => {
    const path = await raw('bad.h5', make as (out: File) => void);
    await expect(readCoords(path)).rejects.toThrow(DataError);
    await expect(readCoords(path)).rejects.toThrow(message);
  });

  it('that are no HDF5, cut off or absent are refused in one line', async () => {
    await writeFile(file('text.h5'), 'coords');
    await expect(readCoords(file('text.h5'))).rejects.toThrow('no HDF5 signature');
    await writeFile(file('cut.h5'), Buffer.from('894844460d0a1a0a0000', 'hex'));
    await expect(readCoords(file('cut.h5'))).rejects.toThrow(/^readCoords: [^\n]+$/);
    await expect(readCoords(file('none.h5'))).rejects.toThrow(UsageError);
  });
});
