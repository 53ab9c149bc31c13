/** A machine without the OpenSlide library; the library is looked for once per process, so this is a file of its own. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DataError, UsageError } from '../../src/errors.ts';
import { openSlide } from '../../src/slide/open-slide.ts';
import { temporaryFolder } from './pictures.ts';
import { buildTiff, RGB8, withTags } from './tiff-builder.ts';

const file = temporaryFolder('missing');
const before = process.env.MVHYBRID_OPENSLIDE;
beforeAll(() => {
  process.env.MVHYBRID_OPENSLIDE = 'no-such-library.so';
});
afterAll(() => {
  if (before === undefined) delete process.env.MVHYBRID_OPENSLIDE;
  else process.env.MVHYBRID_OPENSLIDE = before;
});

describe('without OpenSlide', () => {
  it('reads TIFF, and says what to install for what it cannot read', async () => {
    const picture = { widthPx: 16, heightPx: 16, tilePx: 16, chunks: [new Uint8Array(768)], tags: RGB8 };
    await writeFile(file('a.tif'), buildTiff([picture]));
    const slide = await openSlide(file('a.tif'));
    expect(slide.reader).toBe('builtin');
    await slide.close();
    await expect(openSlide(file('a.tif'), { reader: 'openslide' })).rejects.toThrow(UsageError);
    await expect(openSlide(file('a.tif'), { reader: 'openslide' })).rejects.toThrow(
      /none of no-such-library\.so \(.*\); install it \(Debian: libopenslide0\) or set MVHYBRID_OPENSLIDE/,
    );
    await writeFile(file('b.tif'), buildTiff([{ ...picture, tags: withTags(RGB8, [259, 3, [33005]]) }]));
    await expect(openSlide(file('b.tif'))).rejects.toThrow(/found JPEG 2000 compression; install OpenSlide/);
    await writeFile(file('c.mrxs'), 'no picture');
    await expect(openSlide(file('c.mrxs'))).rejects.toThrow(DataError);
    await expect(openSlide(file('c.mrxs'))).rejects.toThrow('install OpenSlide (Debian: libopenslide0)');
  });

  it('names the package that is missing', async () => {
    vi.resetModules();
    vi.doMock('koffi', () => {
      throw new Error('absent');
    });
    const { loadOpenSlide } = await import('../../src/slide/openslide/library.ts');
    await expect(loadOpenSlide()).rejects.toThrow('the koffi package is not installed; install it with npm');
    vi.doUnmock('koffi');
  });
});
