import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { shard } from '../../../src/cli/slide-options.ts';
import { DataError, UsageError } from '../../../src/errors.ts';
import { listSlides, shardOf } from '../../../src/pipeline/slides/slide-list.ts';
import { temporaryFolder } from '../../slide/pictures.ts';

const file = temporaryFolder('list');

function touch(name: string, text = ''): void {
  mkdirSync(dirname(file(name)), { recursive: true });
  writeFileSync(file(name), text);
}

beforeAll(() => {
  for (const name of ['a/one.svs', 'a/deep/two.NDPI', 'a/notes.md', 'a/one.png', 'b/three.tif']) touch(name);
  touch('list.txt', '# slides\na/one.svs\n\nb/three.tif\t0.25\r\nb/absent.svs\n');
});

describe('lists of slides', () => {
  it('search folders with subfolders for slides only', async () => {
    const found = await listSlides([file('a')]);
    expect(found).toEqual([
      { id: 'one', path: file('a/one.svs') },
      { id: 'two', path: file('a/deep/two.NDPI') },
    ]);
  });

  it('read paths and pixel sizes from a text, and keep files that are not there', async () => {
    expect(await listSlides([file('list.txt')])).toEqual([
      { id: 'absent', path: file('b/absent.svs') },
      { id: 'one', path: file('a/one.svs') },
      { id: 'three', path: file('b/three.tif'), mpp: 0.25 },
    ]);
  });

  it('name each slide once, and take a picture that is named', async () => {
    const found = await listSlides([file('a/one.svs'), file('a'), file('b')]);
    expect(found.map(({ id }) => id)).toEqual(['one', 'three', 'two']);
    expect(await listSlides([file('a/one.png')])).toEqual([{ id: 'one', path: file('a/one.png') }]);
  });

  it('refuse what is missing, empty, ambiguous or no line', async () => {
    touch('c/one.svs');
    touch('none/readme.md');
    touch('bad.txt', 'a/one.svs\tbig\n');
    await expect(listSlides([file('nothing.svs')])).rejects.toThrow(
      new UsageError('slides', {
        need: 'slide files, folders or lists',
        found: `nothing at ${file('nothing.svs')}`,
        next: 'check the path',
      }),
    );
    await expect(listSlides([file('none')])).rejects.toThrow(/found none in .*none; name slide files/);
    await expect(listSlides([file('a'), file('c')])).rejects.toThrow(
      /different file names.*a\/one.svs and .*c\/one.svs/,
    );
    await expect(listSlides([file('bad.txt')])).rejects.toThrow(DataError);
    await expect(listSlides([file('bad.txt')])).rejects.toThrow(/line 1 of .*bad.txt, found a\/one.svs\tbig/);
  });
});

describe('shards', () => {
  it('part a list: every slide in exactly one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 9 }), (length, count) => {
        const all = Array.from({ length }, (_, i) => i);
        const parts = Array.from({ length: count }, (_, i) => shardOf(all, { index: i + 1, count }));
        expect(parts.flat().sort((a, b) => a - b)).toEqual(all);
        const sizes = parts.map((part) => part.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are written i/n', () => {
    expect(shard('2/8')).toEqual({ index: 2, count: 8 });
    for (const text of ['0/4', '5/4', '1', 'a/b', '1/4/2']) expect(() => shard(text)).toThrow(/i\/n/);
  });
});
