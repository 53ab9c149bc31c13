/** The loader: what is in a batch, and that it is the same however many threads made it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAugmentation } from '../../src/data/augmentation.ts';
import { cropRng, drawCropPlan } from '../../src/data/crop-plan.ts';
import { type CropBatch, type LoaderOptions, PatchLoader } from '../../src/data/loader/patch-loader.ts';
import { SampleOrder } from '../../src/data/loader/sample-order.ts';
import { Scratch } from '../../src/data/pixels/scratch.ts';
import { renderCrop } from '../../src/data/render-crop.ts';
import type { PatchListing } from '../../src/data/sources/patch-set.ts';
import { listPictures } from '../../src/data/sources/pictures.ts';
import { DataError, UsageError } from '../../src/errors.ts';
import { item, scope, shareTensor, sumAll, tensorCount } from '../../src/tensor/index.ts';
import { buildWorker } from './built-worker.ts';
import { randomPixels, SMALL, writePatches } from './generated-patches.ts';
import { packed } from './golden-cases.ts';

const COUNT = 11;
const BROKEN = [4, 5, 9];
const augmentation = createAugmentation(SMALL);
let folder: string;
let whole: PatchListing;
let damaged: PatchListing;
beforeAll(async () => {
  await buildWorker();
  folder = await mkdtemp(join(tmpdir(), 'mvhybrid-loader-'));
  await writePatches(join(folder, 'whole'), COUNT);
  await writePatches(join(folder, 'damaged'), COUNT, { broken: BROKEN });
  whole = await listPictures(join(folder, 'whole'));
  damaged = await listPictures(join(folder, 'damaged'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Some = Partial<LoaderOptions>;

function open(options: Some = {}): PatchLoader {
  return new PatchLoader({ patches: whole, augmentation, batchSize: 4, seed: 3, workers: 0, ...options });
}

async function take(batches: number, options: Some = {}): Promise<CropBatch[]> {
  const loader = open(options);
  try {
    const taken = [];
    for (let i = 0; i < batches; i++) taken.push(await loader.next());
    return taken;
  } finally {
    await loader.close();
  }
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
}

describe('SampleOrder', () => {
  const passOf = (order: SampleOrder, pass: number, count: number) =>
    Array.from({ length: count }, (_, i) => order.at(pass * count + i));

  it('shows every patch once per pass, in another order each time', () => {
    const order = new SampleOrder(100, 1);
    const passes = [0, 1, 7].map((pass) => passOf(order, pass, 100));
    for (const [i, pass] of [0, 1, 7].entries()) {
      expect(passes[i]!.every((entry) => entry.pass === pass)).toBe(true);
      expect(passes[i]!.map(({ sample }) => sample).sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
    }
    expect(new Set(passes.map((list) => list.map(({ sample }) => sample).join())).size).toBe(3);
  });

  it('is found at any position and depends on the seed', () => {
    const [order, other] = [new SampleOrder(50, 1), new SampleOrder(50, 2)];
    const first = passOf(order, 3, 50);
    order.at(12_345_678_901);
    expect(passOf(order, 3, 50)).toEqual(first);
    expect(passOf(other, 3, 50)).not.toEqual(first);
  });

  it('has no favourite places', () => {
    const first = new Int32Array(4);
    for (let seed = 0; seed < 4000; seed++) first[new SampleOrder(4, seed).at(0).sample]!++;
    for (const times of first) expect(Math.abs(times - 1000)).toBeLessThan(120); // 4 standard deviations: 110
  });
});

describe('a batch', () => {
  it('holds the crops of its patches crop-major, normalised', async () => {
    const [, batch] = await take(2);
    expect(batch!.globalShape).toEqual([8, 3, 32, 32]);
    expect(batch!.localShape).toEqual([12, 3, 16, 16]);
    const order = new SampleOrder(COUNT, 3);
    const scratch = new Scratch();
    const { global1, global2, local, mean, std } = augmentation;
    for (let b = 0; b < 4; b++) {
      const { pass, sample } = order.at(4 + b);
      expect(batch!.samples[b]).toBe(sample);
      const patch = packed({ pixels: randomPixels(`patch ${sample}`, 48), widthPx: 48, heightPx: 48 });
      [global1, global2, local, local, local].forEach((recipe, view) => {
        const plan = drawCropPlan(cropRng({ seed: 3, pass, sample, view }), recipe, patch);
        const crop = renderCrop(patch, plan, scratch);
        const [images, row] = view < 2 ? [batch!.global, 4 * view + b] : [batch!.local, 4 * (view - 2) + b];
        const plane = crop.length / 3;
        const image = images.subarray(row * crop.length, (row + 1) * crop.length);
        const worst = image.reduce((most, value, i) => {
          const [channel, pixel] = [Math.floor(i / plane), i % plane];
          const expected = (crop[3 * pixel + channel]! / 255 - mean[channel]!) / std[channel]!;
          return Math.max(most, Math.abs(value - expected));
        }, 0);
        expect(worst).toBeLessThan(1e-6);
      });
    }
  });

  it('becomes tensors without copying', async () => {
    const before = tensorCount();
    const [batch] = await take(1, { workers: 1 });
    scope(() => {
      const global = shareTensor(batch!.global, batch!.globalShape);
      expect(global.shape).toEqual([8, 3, 32, 32]);
      const total = item(sumAll(global));
      expect(total).toBeCloseTo(
        batch!.global.reduce((a, b) => a + b, 0),
        1,
      );
      batch!.global[0]! += 100;
      expect(item(sumAll(global)) - total).toBeCloseTo(100, 1);
    });
    expect(tensorCount()).toBe(before);
  });

  it('may have no local crops', async () => {
    const [batch] = await take(1, {
      augmentation: createAugmentation({ ...SMALL, localCrops: 0 }),
      workers: 1,
    });
    expect([batch!.localShape, batch!.local.length]).toEqual([[0, 3, 16, 16], 0]);
  });
});

describe('the stream', () => {
  it('has the same bytes with 0, 1 and 2 workers, whatever is made ahead', async () => {
    const reference = await take(7);
    for (const options of [
      { workers: 1 },
      { workers: 2 },
      { workers: 2, prefetch: 1 },
      { workers: 1, prefetch: 6 },
    ]) {
      expect(await take(7, options)).toEqual(reference);
    }
    expect(new Set(reference.map(({ global }) => global.join())).size).toBe(7);
    expect(reference.map(({ iteration }) => iteration)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('goes on at any iteration as if it had never stopped', async () => {
    const reference = await take(8);
    expect(await take(3, { startIteration: 5 })).toEqual(reference.slice(5));
    expect(await take(1, { startIteration: 6, workers: 2 })).toEqual([reference[6]]);
  });

  it('crops a patch anew in every pass', async () => {
    const batches = await take(2, { batchSize: COUNT });
    expect(batches.map(({ pass }) => pass)).toEqual([0, 1]);
    const crop = ({ samples, global }: CropBatch, sample: number) => {
      const row = samples.indexOf(sample);
      return global.slice(row * 3072, (row + 1) * 3072);
    };
    for (let sample = 0; sample < COUNT; sample++)
      expect(crop(batches[0]!, sample)).not.toEqual(crop(batches[1]!, sample));
  });

  it('is shared out among ranks without gaps or repeats', async () => {
    const together = await take(3, { batchSize: 6 });
    const ranks = await Promise.all([0, 1, 2].map((rank) => take(3, { batchSize: 2, rank, worldSize: 3 })));
    for (let i = 0; i < 3; i++) {
      const taken = [0, 1].flatMap((b) => ranks.map((batches) => batches[i]!.samples[b]!));
      expect(taken).toEqual([...together[i]!.samples]);
      // The crops too: position 2 of the whole is row 0 of rank 2.
      expect(ranks[2]![i]!.global.slice(0, 3072)).toEqual(together[i]!.global.slice(2 * 3072, 3 * 3072));
    }
  });

  it('depends on the seed', async () => {
    const [a, b] = [await take(1), await take(1, { seed: 4 })];
    expect(a[0]!.global).not.toEqual(b[0]!.global);
  });

  it('is a for-await loop, and leaving it closes the loader', async () => {
    const loader = open({ workers: 1 });
    let count = 0;
    for await (const { iteration } of loader) {
      expect(iteration).toBe(count++);
      if (count === 3) break;
    }
    expect(await failure(loader.next())).toBeInstanceOf(UsageError);
  });

  it('can be asked for several batches at once', async () => {
    const loader = open({ workers: 2 });
    const batches = await Promise.all([loader.next(), loader.next(), loader.next(), loader.next()]);
    await loader.close();
    expect(batches).toEqual(await take(4));
  });
});

describe('unreadable patches', () => {
  it('are replaced by the next readable one, listed, and the same for any number of workers', async () => {
    const reference = await take(6, { patches: damaged });
    const order = new SampleOrder(COUNT, 3);
    const readable = (sample: number) => ({ 4: 6, 5: 6, 9: 10 })[sample] ?? sample;
    reference.forEach(({ samples }, t) => {
      expect([...samples]).toEqual([0, 1, 2, 3].map((b) => readable(order.at(4 * t + b).sample)));
    });
    for (const workers of [1, 2]) {
      const loader = open({ patches: damaged, workers });
      const taken = [];
      for (let i = 0; i < 6; i++) taken.push(await loader.next());
      expect(taken).toEqual(reference);
      expect(loader.broken.map(({ sample }) => sample).sort((a, b) => a - b)).toEqual(BROKEN);
      expect(loader.broken.find(({ sample }) => sample === 9)).toMatchObject({ id: '009.png' });
      expect(loader.broken[0]!.reason).toMatch(/00[459]\.png \(.*unsupported image format/);
      await loader.close();
    }
  });

  it('get crops of their own, not those of the patch that stands in', async () => {
    const [batch] = await take(1, { patches: damaged, batchSize: COUNT });
    const rows = [...batch!.samples].flatMap((sample, row) => (sample === 6 ? [row] : []));
    expect(rows.length).toBe(3);
    expect(new Set(rows.map((row) => batch!.global.slice(row * 3072, (row + 1) * 3072).join())).size).toBe(3);
  });

  it.each([0, 2])('end the run when there are too many, with %d workers', async (workers) => {
    const loader = open({ patches: damaged, workers, broken: { share: 0.1, atLeast: 2 } });
    const run = async () => {
      for (let i = 0; i < 20; i++) await loader.next();
    };
    const error = await failure(run());
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(
      /^load patches: needed at most 2 unreadable patches of 11, found 3: .*\.png \(.*; repair or remove them/,
    );
    expect(await failure(loader.next())).toBeInstanceOf(UsageError);
    await loader.close();
  });

  it('are put up with up to a share of all, but at least ten', async () => {
    const loader = open({ patches: damaged, broken: { share: 0.3, atLeast: 0 } });
    for (let i = 0; i < 6; i++) await loader.next();
    expect(loader.broken.length).toBe(3);
    await loader.close();
  });

  it('end the run when nothing can be read', async () => {
    await writePatches(join(folder, 'ruins'), 3, { broken: [0, 1, 2] });
    const error = await failure(take(1, { patches: await listPictures(join(folder, 'ruins')), workers: 1 }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('needed at most 2 unreadable patches of 3, found 3');
  });
});

describe('options', () => {
  it.each([
    [{ batchSize: 0 }, 'batchSize as an integer from 1'],
    [{ seed: -1 }, 'seed as an integer'],
    [{ rank: 2, worldSize: 2 }, 'rank as an integer from 0 to 1, found 2'],
    [{ workers: 1.5 }, 'workers as an integer'],
    [{ prefetch: -1 }, 'prefetch'],
    [{ startIteration: Number.NaN }, 'startIteration'],
    [{ patches: { kind: 'joined', parts: [] } as PatchListing }, 'number of patches'],
  ])('%j are refused', (options, message) => {
    expect(() => open(options)).toThrow(UsageError);
    expect(() => open(options)).toThrow(message);
  });
});
