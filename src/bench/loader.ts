/** How fast the loader of src/data makes batches, without any training beside it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { type CropBatch, createAugmentation, listPictures, PatchLoader } from '../data/index.ts';
import { syntheticPatches } from '../synthetic/index.ts';

/** Sizes of a `small` training run, and how much to measure. */
export interface LoaderBenchOptions {
  /** Side of the stored patches; default 256. */
  readonly patchPx?: number;
  /** Default 128. */
  readonly globalPx?: number;
  /** Default 64. */
  readonly localPx?: number;
  /** Default 4. */
  readonly localCrops?: number;
  /** Default 16. */
  readonly batchSize?: number;
  /** Default 2. */
  readonly workers?: number;
  /** Kind of file; default png. */
  readonly format?: 'png' | 'jpeg';
  /** Batches before the clock starts; default 10. */
  readonly warmUp?: number;
  /** Batches that are timed; default 60. */
  readonly batches?: number;
}

export interface LoaderSpeed {
  readonly options: Required<LoaderBenchOptions>;
  /** Images, each with all its crops, per second of wall time. */
  readonly imagesPerSecond: number;
  /** Processor time of the whole process per image; what an idle machine would need. */
  readonly cpuMsPerImage: number;
  /** Resident memory at the end. */
  readonly residentBytes: number;
}

/** Different patches on disk; more would only fill the disk. */
const FILES = 64;

const DEFAULTS: Required<LoaderBenchOptions> = {
  patchPx: 256,
  globalPx: 128,
  localPx: 64,
  localCrops: 4,
  batchSize: 16,
  workers: 2,
  format: 'png',
  warmUp: 10,
  batches: 60,
};

/** Measures a loader over a temporary folder of generated patches; the data are gone through several times. */
export async function measureLoader(options: LoaderBenchOptions = {}): Promise<LoaderSpeed> {
  const all = { ...DEFAULTS, ...options };
  return withLoader(all, (loader) => measure(loader, all));
}

/** Batches as {@link measureLoader} times them. */
export async function loadBatches(options: LoaderBenchOptions, count: number): Promise<CropBatch[]> {
  return withLoader({ ...DEFAULTS, ...options }, async (loader) => {
    const batches: CropBatch[] = [];
    while (batches.length < count) batches.push(await loader.next());
    return batches;
  });
}

async function withLoader<T>(
  options: Required<LoaderBenchOptions>,
  work: (loader: PatchLoader) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mvhybrid-loader-'));
  try {
    await writePatches(folder, options);
    const { batchSize, workers } = options;
    const card = { mean: [0.7, 0.54, 0.66], std: [0.22, 0.26, 0.21] } as const;
    const augmentation = createAugmentation({ ...card, ...options });
    const patches = await listPictures(folder);
    const loader = new PatchLoader({ patches, augmentation, batchSize, workers, seed: 1 });
    try {
      return await work(loader);
    } finally {
      await loader.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writePatches(
  folder: string,
  { patchPx, format }: Required<LoaderBenchOptions>,
): Promise<void> {
  let n = 0;
  for await (const pixels of syntheticPatches(FILES, patchPx, 1)) {
    const raw = { width: patchPx, height: patchPx, channels: 3 as const };
    await sharp(pixels, { raw })
      .toFormat(format, { quality: 90 })
      .toFile(join(folder, `${n++}.${format}`));
  }
}

async function measure(loader: PatchLoader, options: Required<LoaderBenchOptions>): Promise<LoaderSpeed> {
  const { batchSize, batches, warmUp } = options;
  for (let i = 0; i < warmUp; i++) await loader.next();
  const [start, cpuStart] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < batches; i++) await loader.next();
  const [ms, { user, system }] = [performance.now() - start, process.cpuUsage(cpuStart)];
  const images = batches * batchSize;
  return {
    options,
    imagesPerSecond: (1000 * images) / ms,
    cpuMsPerImage: (user + system) / 1000 / images,
    residentBytes: process.memoryUsage().rss,
  };
}

/** The line that a benchmark prints: machine, sizes, speed. */
export function formatLoaderSpeed({ options, ...speed }: LoaderSpeed): string {
  const { patchPx, format, globalPx, localPx, localCrops, batchSize, workers } = options;
  return [
    `loader: ${speed.imagesPerSecond.toFixed(0)} images/s, ${speed.cpuMsPerImage.toFixed(2)} ms of processor time each`,
    `${patchPx} px ${format} -> 2 x ${globalPx} + ${localCrops} x ${localPx} px, batch ${batchSize}, ${workers} workers`,
    `${(speed.residentBytes / 2 ** 20).toFixed(0)} MiB resident, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`,
  ].join('; ');
}
