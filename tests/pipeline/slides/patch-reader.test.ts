import { beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../../src/errors.ts';
import { type PatchReading, readPatchesAhead } from '../../../src/pipeline/slides/patch-reader.ts';
import { patchRows } from '../../../src/pipeline/slides/slide-patches.ts';
import { openSlide, readTile } from '../../../src/slide/index.ts';
import { writeSyntheticSlide } from '../../../src/synthetic/index.ts';
import { buildWorker } from '../../data/built-worker.ts';
import { temporaryFolder } from '../../slide/pictures.ts';

const file = temporaryFolder('reader');
const side = 64;
/** 150 places, the last ones over the border. */
const corners = Float64Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? (i / 2) * 5 : 380 + i / 10));
const grid = { corners: corners.map(Math.floor), sidePx: side, sizePx: 32 };
let reading: Omit<PatchReading, 'block'>;

beforeAll(async () => {
  await buildWorker();
  await writeSyntheticSlide(file('a.svs'), { seed: 3, widthPx: 800, heightPx: 600 });
  reading = { path: file('a.svs'), open: {}, grid, from: 0 };
});

async function all(from: number): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const pixels of readPatchesAhead({ ...reading, from })) found.push(pixels);
  return found;
}

describe('patches read in a thread', () => {
  it('are those of the slide, in order, from any place on', async () => {
    const slide = await openSlide(file('a.svs'));
    try {
      for (const from of [0, 7, 134, 149, 150]) {
        const found = await all(from);
        expect(found).toHaveLength(150 - from);
        for (const [i, pixels] of found.entries()) {
          if (i % 13 !== 0 && i !== found.length - 1) continue;
          expect(Buffer.from(pixels).equals(await readTile(slide, grid, from + i))).toBe(true);
        }
      }
    } finally {
      await slide.close();
    }
  });

  it('can be left early, again and again', async () => {
    for (let round = 0; round < 5; round++) {
      let count = 0;
      for await (const pixels of readPatchesAhead(reading)) {
        expect(pixels).toHaveLength(3 * 32 * 32);
        if (++count > 4 * round) break;
      }
    }
  });

  it('were decoded while the caller computed', async () => {
    const stream = readPatchesAhead(reading);
    await stream.next();
    // A thread that waited for this one could not have read anything meanwhile.
    const until = performance.now() + 1500;
    while (performance.now() < until);
    const start = performance.now();
    for (let i = 1; i < 48; i++) await stream.next();
    expect(performance.now() - start).toBeLessThan(300);
    await stream.return();
  });

  it('hand on errors of the thread with their class', async () => {
    const read = async (path: string) => {
      for await (const _ of readPatchesAhead({ ...reading, path }));
    };
    await expect(read(file('absent.svs'))).rejects.toThrow(UsageError);
    await expect(read(import.meta.filename)).rejects.toThrow(DataError);
  });
});

describe('names of patches', () => {
  it('are their corners, made unique where a place stands twice', () => {
    const rows = patchRows({ corners: Float64Array.of(1, 2, 3, 4, 1, 2, 1, 2) });
    expect(rows.map(({ barcode }) => barcode)).toEqual(['1_2', '3_4', '1_2-1', '1_2-2']);
    expect(rows[2]).toMatchObject({ x: 1, y: 2 });
  });
});
