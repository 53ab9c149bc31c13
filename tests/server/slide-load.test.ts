/** Tiles under load: time to the first ones, memory after many. RUN_SLOW=1 takes a slide of 40,000 pixels. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Catalogue, tileAddress } from '../../src/contract/index.ts';
import { Rng } from '../../src/core/rng.ts';
import { writeSyntheticSlide } from '../../src/synthetic/index.ts';
import { ROOT } from '../architecture/sources.ts';
import { buildWorker } from '../data/built-worker.ts';
import { temporaryFolder } from '../slide/pictures.ts';

const file = temporaryFolder('slide-load');
const isSlow = process.env.RUN_SLOW === '1';
const SIDE = isSlow ? 40_000 : 8_000;
const TILES = isSlow ? 2_000 : 600;
const MOST_RSS = 600 * 2 ** 20;

beforeAll(async () => {
  await buildWorker();
  await mkdir(file('data'));
  await writeSyntheticSlide(file('data/large.svs'), { seed: 3, widthPx: SIDE, heightPx: SIDE });
}, 1_800_000);

/** Resident memory of a process in bytes. */
async function memoryOf(pid: number): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ');
  return Number(pages) * 4096;
}

/** Tiles that one view of the slide shows at a level, at most 12. */
function view(id: string, level: number, maxLevel: number): string[] {
  const side = Math.ceil(SIDE / 2 ** (maxLevel - level) / 256);
  const [across, down] = [Math.min(4, side), Math.min(3, side)];
  return Array.from({ length: across * down }, (_, i) =>
    tileAddress(id, level, i % across, Math.floor(i / across)),
  );
}

describe.skipIf(process.platform !== 'linux')(`tiles of a slide of ${SIDE} pixels`, () => {
  it('come within a second, and many of them in little memory', async () => {
    const server = spawn(process.execPath, [
      join(ROOT, 'dist/cli/main.js'),
      'serve',
      file('data'),
      '--json',
      '--port',
      '0',
    ]);
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer];
      const { address } = JSON.parse(String(line)) as { address: string };
      const get = async (path: string) => {
        const answer = await fetch(new URL(path, address));
        expect(answer.status, path).toBe(200);
        return answer.arrayBuffer();
      };
      const { slides } = JSON.parse(Buffer.from(await get('/api/catalogue')).toString()) as Catalogue;
      const { id } = slides[0]!;
      const maxLevel = Math.ceil(Math.log2(SIDE));
      /** Milliseconds until the first tile of a view is there, and all of them. */
      const show = async (level: number) => {
        const start = performance.now();
        const tiles = view(id, level, maxLevel).map((tile) =>
          get(tile).then(() => performance.now() - start),
        );
        return { firstMs: await Promise.race(tiles), allMs: Math.max(...(await Promise.all(tiles))) };
      };
      const overview = await show(9);
      const zoomed = await show(maxLevel);
      const rng = new Rng(1);
      const many = performance.now();
      let waits = 0;
      for (let done = 0; done < TILES; done += 10) {
        const some = Array.from({ length: 10 }, () => {
          const level = rng.integer(9, maxLevel);
          const side = Math.floor((SIDE / 2 ** (maxLevel - level) - 1) / 256);
          return tileAddress(id, level, rng.integer(0, side), rng.integer(0, side));
        });
        const asked = performance.now();
        const light = get('/api/jobs').then(() => {
          waits = Math.max(waits, performance.now() - asked);
        });
        await Promise.all([...some.map(get), light]);
      }
      const rss = await memoryOf(server.pid!);
      const tilesPerSecond = (1000 * TILES) / (performance.now() - many);
      const measured = {
        SIDE,
        TILES,
        overview,
        zoomed,
        tilesPerSecond,
        rssMb: rss / 2 ** 20,
        longestWaitMs: waits,
      };
      if (process.env.SLIDE_LOAD_OUT !== undefined)
        await writeFile(process.env.SLIDE_LOAD_OUT, `${JSON.stringify(measured)}\n`);
      expect(rss).toBeLessThan(MOST_RSS);
      expect(Math.max(overview.firstMs, zoomed.firstMs)).toBeLessThan(1_000);
      // Decoding does not hold up what needs none.
      expect(waits).toBeLessThan(1_000);
    } finally {
      server.kill('SIGKILL');
    }
  }, 1_800_000);
});
