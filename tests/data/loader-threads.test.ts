/** The loader's threads: how far they run ahead, how they end, and what becomes of their errors. */
import { appendFileSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAugmentation } from '../../src/data/augmentation.ts';
import { packError, unpackError } from '../../src/data/loader/error-message.ts';
import { type LoaderOptions, PatchLoader } from '../../src/data/loader/patch-loader.ts';
import type { SlideListing } from '../../src/data/sources/patch-set.ts';
import { listPictures } from '../../src/data/sources/pictures.ts';
import { DataError, EngineError, ShapeError, UsageError } from '../../src/errors.ts';
import { buildWorker } from './built-worker.ts';
import { SMALL, writePatches } from './generated-patches.ts';

const augmentation = createAugmentation(SMALL);
let folder: string;
beforeAll(async () => {
  await buildWorker();
  folder = await mkdtemp(join(tmpdir(), 'mvhybrid-threads-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A slide whose reading is a line of code: `read` sees the region and may do anything. */
async function scriptedSlide(name: string, read: string): Promise<SlideListing> {
  const module = join(folder, `${name}.mjs`);
  await writeFile(
    module,
    `import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    export const open = async (path) => ({ path, widthPx: 1000, heightPx: 1000, close: async () => {},
      readRegion: async ({ x, width, height }) => { ${read}; return new Uint8Array(3 * width * height).fill(x); } });`,
  );
  const corners = Int32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i / 2 : 0));
  return {
    kind: 'slide',
    slidePath: name,
    corners,
    sidePx: 16,
    sizePx: 16,
    opener: { module, name: 'open' },
  };
}

/** A file that grows by one byte per patch read, in whatever thread. */
function readLog(name: string): { path: string; count: () => number } {
  const path = join(folder, `${name}.log`);
  appendFileSync(path, '');
  return { path, count: () => readFileSync(path).length };
}

function open(patches: LoaderOptions['patches'], options: Partial<LoaderOptions> = {}): PatchLoader {
  return new PatchLoader({ patches, augmentation, batchSize: 4, seed: 1, workers: 2, ...options });
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
}

/** Blocks this thread, as a training step does. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !holds(); i++) await sleep(25);
  expect(holds()).toBe(true);
}

describe('running ahead', () => {
  it('goes on while the calling thread computes, and stops at the limit', async () => {
    const log = readLog('ahead');
    const compute = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)';
    const slide = await scriptedSlide(
      'ahead',
      `appendFileSync(${JSON.stringify(log.path)}, '.'); ${compute}`,
    );
    const loader = open(slide, { prefetch: 3 });
    await loader.next();
    const before = log.count();
    for (let i = 0; i < 400 && log.count() < 16; i++) block(50); // no event of this thread is handled meanwhile
    expect(log.count()).toBe(16);
    expect(before).toBeLessThan(16);
    await sleep(300);
    expect(log.count()).toBe(16); // one handed out, three waiting
    await loader.next();
    await until(() => log.count() === 20);
    await loader.close();
  });

  it('does nothing beforehand without workers', async () => {
    const log = readLog('inline');
    const loader = open(await scriptedSlide('inline', `appendFileSync(${JSON.stringify(log.path)}, '.')`), {
      workers: 0,
    });
    await sleep(50);
    expect(log.count()).toBe(0);
    await loader.next();
    expect(log.count()).toBe(4);
    await loader.close();
  });
});

describe('ending', () => {
  it.each([0, 2])('an abort ends waiting and later calls, with %d workers', async (workers) => {
    const abort = new AbortController();
    const log = readLog(`slow-${workers}`);
    const read = `appendFileSync(${JSON.stringify(log.path)}, '.'); await sleep(20)`;
    const slide = await scriptedSlide(`slow-${workers}`, read);
    const loader = open(slide, { workers, signal: abort.signal, batchSize: 1000 });
    const waiting = failure(loader.next());
    await until(() => log.count() > 3);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await waiting).toBe(reason);
    expect(log.count()).toBeLessThan(1000);
    expect(await failure(loader.next())).toBe(reason);
    await loader.close();
  });

  it('an abort beforehand starts nothing', async () => {
    const slide = await scriptedSlide('never', '');
    expect(() => open(slide, { signal: AbortSignal.abort(new Error('before')) })).toThrow('before');
  });

  it('closing stops at the next patch, refuses what is waiting, and may be repeated', async () => {
    const log = readLog('close');
    const slide = await scriptedSlide(
      'close',
      `appendFileSync(${JSON.stringify(log.path)}, '.'); await sleep(20)`,
    );
    const loader = open(slide, { batchSize: 90 });
    const waiting = failure(loader.next());
    await until(() => log.count() > 5);
    await Promise.all([loader.close(), loader.close()]);
    const read = log.count();
    expect(read).toBeLessThan(90);
    expect(await waiting).toBeInstanceOf(UsageError);
    await sleep(100);
    expect(log.count()).toBe(read);
    expect((await failure(loader.next())).message).toContain(
      'needed an open loader, found one that was closed',
    );
  });
});

describe('errors in a thread', () => {
  it('keep class and message', async () => {
    const listing: SlideListing = {
      kind: 'slide',
      slidePath: join(folder, 'absent.svs'),
      corners: Int32Array.of(0, 0),
      sidePx: 8,
      sizePx: 8,
    };
    for (const workers of [0, 1]) {
      const error = await failure(open(listing, { workers }).next());
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain('needed a readable slide file, found nothing readable at');
    }
  });

  it('that are faults of a program come through as they are, and end the loader', async () => {
    const loader = open(await scriptedSlide('fault', 'null.x'));
    expect((await failure(loader.next())).message).toContain('Cannot read properties of null');
    expect(await failure(loader.next())).toBeInstanceOf(UsageError);
  });

  it('come in their turn: batches before the failing one are delivered', async () => {
    const patches = await scriptedSlide(
      'third',
      'if (x === globalThis.bad) throw new RangeError("bad region")',
    );
    const plain = open(patches, { workers: 0 });
    const bad = [await plain.next(), await plain.next(), await plain.next()][2]!.samples[1]!;
    await plain.close();
    const failing = await scriptedSlide('failing', `if (x === ${bad}) throw new RangeError("bad region")`);
    const loader = open(failing);
    await loader.next();
    await loader.next();
    expect((await failure(loader.next())).message).toBe('bad region');
  });

  it('a thread that dies is reported', async () => {
    const loader = open(await scriptedSlide('exit', 'process.exit(3)'), { workers: 1 });
    const error = await failure(loader.next());
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toContain('found exit code 3');
    await loader.close();
  });

  it('survive the way between threads', () => {
    const parts = { need: 'a', found: 'b' };
    for (const Class of [DataError, UsageError, ShapeError, EngineError]) {
      for (const error of [new Class('op', parts), new Class('op', { ...parts, next: 'c' })]) {
        const back = unpackError(structuredClone(packError(error)));
        expect(back).toBeInstanceOf(Class);
        expect([back.message, back.stack]).toEqual([error.message, error.stack]);
      }
    }
    expect(unpackError(structuredClone(packError('text'))).message).toBe('text');
  });
});

describe('memory', () => {
  it('stays flat over 5,000 samples', async () => {
    await writePatches(join(folder, 'many'), 50, { sidePx: 64 });
    const loader = open(await listPictures(join(folder, 'many')), { batchSize: 50 });
    const bytesPerBatch = 4 * 50 * 3 * (2 * 32 ** 2 + 3 * 16 ** 2);
    let early = 0;
    for (let i = 1; i <= 100; i++) {
      await loader.next();
      if (i === 30) early = process.memoryUsage().rss;
    }
    const growth = process.memoryUsage().rss - early;
    await loader.close();
    // 70 batches were handed out in between, 123 MB; a loader that kept them would show.
    expect(70 * bytesPerBatch).toBeGreaterThan(110e6);
    expect(growth).toBeLessThan(40e6);
  });
});
