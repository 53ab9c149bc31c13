/** Batches of crops for pretraining, in a fixed order, made ahead of time by worker threads. */
import { availableParallelism } from 'node:os';
import { UsageError } from '../../errors.ts';
import type { Augmentation } from '../augmentation.ts';
import { type PatchListing, patchCount } from '../sources/patch-set.ts';
import type { BatchPixels, BatchTask } from './batch-maker.ts';
import { type BrokenLimit, type BrokenPatch, BrokenPatches, brokenAllowance } from './broken-patches.ts';
import { InlineProducer } from './inline-producer.ts';
import { SampleOrder } from './sample-order.ts';
import { type BatchProducer, WorkerPool } from './worker-pool.ts';

export interface LoaderOptions {
  readonly patches: PatchListing;
  readonly augmentation: Augmentation;
  /** Patches per batch of this rank. */
  readonly batchSize: number;
  /** Of the run; the only source of randomness. */
  readonly seed: number;
  /** Which of `worldSize` processes this is; default 0 of 1. Together they see what one process would. */
  readonly rank?: number;
  readonly worldSize?: number;
  /** Threads that decode and augment; 0 works in the calling thread. Default: all cores but one, 1 to 8. */
  readonly workers?: number;
  /** Batches made ahead of the one handed out; bounds the memory. Default workers + 1; without workers none. */
  readonly prefetch?: number;
  /** First iteration to deliver, e.g. where an interrupted run goes on; default 0. */
  readonly startIteration?: number;
  readonly broken?: BrokenLimit;
  /** Ends the loader; waiting and later calls throw its reason. */
  readonly signal?: AbortSignal;
}

/** Shape of a batch of images, NCHW. */
export type ImageShape = readonly [number, number, number, number];

/**
 * One batch, normalised float32. Arrays belong to the receiver and own their memory, ready for `shareTensor(batch.global,
 * batch.globalShape)`.
 */
export interface CropBatch extends BatchPixels {
  readonly iteration: number;
  /** Complete passes over the data before the batch's first patch. */
  readonly pass: number;
  /** [2 B, 3, globalPx, globalPx], crop-major: B first crops, then B second ones. */
  readonly globalShape: ImageShape;
  /** [localCrops B, 3, localPx, localPx], crop-major. */
  readonly localShape: ImageShape;
}

/** Endless stream of batches; `for await` or `next()`. Close it when done. */
export class PatchLoader implements AsyncIterable<CropBatch> {
  readonly #options: Required<Pick<LoaderOptions, 'rank' | 'worldSize' | 'prefetch'>> & LoaderOptions;
  readonly #order: SampleOrder;
  readonly #producer: BatchProducer;
  readonly #broken: BrokenPatches;
  /** Requested and not yet handed out, by iteration. */
  readonly #ahead = new Map<number, Promise<BatchPixels>>();
  readonly #onAbort = () => void this.#end(this.#options.signal?.reason);
  #iteration: number;
  #ending: Promise<void> | undefined;
  /** Patches in the source. */
  readonly count: number;

  constructor(options: LoaderOptions) {
    const { rank = 0, worldSize = 1, startIteration = 0, augmentation, patches, seed, signal } = options;
    const workers = options.workers ?? Math.min(8, Math.max(1, availableParallelism() - 1));
    const prefetch = options.prefetch ?? (workers === 0 ? 0 : workers + 1);
    this.count = patchCount(patches);
    checkOptions({ ...options, rank, worldSize, startIteration, workers, prefetch }, this.count);
    signal?.throwIfAborted();
    this.#options = { ...options, rank, worldSize, prefetch };
    this.#iteration = startIteration;
    this.#order = new SampleOrder(this.count, seed);
    const allowance = brokenAllowance(this.count, options.broken);
    this.#broken = new BrokenPatches(allowance, this.count);
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const setup = { patches, augmentation, seed, brokenAllowance: allowance, stop };
    this.#producer = workers === 0 ? new InlineProducer(setup) : new WorkerPool(setup, workers);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#requestAhead();
  }

  /** Unreadable patches so far, in the order of their discovery. */
  get broken(): readonly BrokenPatch[] {
    return this.#broken.list;
  }

  /**
   * The next batch.
   *
   * @throws DataError when too many patches are unreadable; UsageError after `close()`; the signal's reason after an
   *   abort. After any error the loader is closed.
   */
  async next(): Promise<CropBatch> {
    const { signal, augmentation } = this.#options;
    signal?.throwIfAborted();
    if (this.#ending !== undefined) throw closedError();
    const task = this.#task(this.#iteration++);
    const pending = this.#ahead.get(task.iteration) ?? this.#producer.request(task);
    this.#ahead.delete(task.iteration);
    this.#requestAhead();
    try {
      const pixels = await pending;
      this.#broken.add(pixels.broken);
      const { global1, local, localCrops } = augmentation;
      const size = task.samples.length;
      return {
        ...pixels,
        iteration: task.iteration,
        pass: task.samples[0]!.pass,
        globalShape: [2 * size, 3, global1.sizePx, global1.sizePx],
        localShape: [localCrops * size, 3, local.sizePx, local.sizePx],
      };
    } catch (error) {
      await this.#end(error);
      throw error;
    }
  }

  /** Batches without end; leaving the loop closes the loader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CropBatch, void, undefined> {
    try {
      for (;;) yield await this.next();
    } finally {
      await this.close();
    }
  }

  /** Ends the threads; batches not yet handed out are lost. May be called more than once. */
  close(): Promise<void> {
    return this.#end(closedError());
  }

  #end(reason: unknown): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#ending ??= this.#producer.close(reason).finally(() => this.#ahead.clear());
    return this.#ending;
  }

  #requestAhead(): void {
    for (let i = this.#iteration; i < this.#iteration + this.#options.prefetch; i++) {
      if (this.#ahead.has(i)) continue;
      const pending = this.#producer.request(this.#task(i));
      pending.catch(() => undefined); // thrown when its turn comes
      this.#ahead.set(i, pending);
    }
  }

  /** All ranks together take consecutive positions of the stream. */
  #task(iteration: number): BatchTask {
    const { batchSize, rank, worldSize } = this.#options;
    const samples = Array.from({ length: batchSize }, (_, b) =>
      this.#order.at((iteration * batchSize + b) * worldSize + rank),
    );
    return { iteration, samples };
  }
}

function closedError(): UsageError {
  return new UsageError('load patches', { need: 'an open loader', found: 'one that was closed' });
}

type CheckedOptions = Required<
  Pick<LoaderOptions, 'batchSize' | 'seed' | 'rank' | 'worldSize' | 'workers' | 'prefetch' | 'startIteration'>
>;

function checkOptions(options: CheckedOptions, count: number): void {
  const { batchSize, seed, rank, worldSize, workers, prefetch, startIteration } = options;
  const rules: readonly [string, number, number, number][] = [
    ['batchSize', batchSize, 1, 65_536],
    ['seed', seed, 0, Number.MAX_SAFE_INTEGER],
    ['worldSize', worldSize, 1, 65_536],
    ['rank', rank, 0, worldSize - 1],
    ['workers', workers, 0, 256],
    ['prefetch', prefetch, 0, 1024],
    ['startIteration', startIteration, 0, Number.MAX_SAFE_INTEGER],
    ['number of patches', count, 1, 2 ** 31 - 1],
  ];
  for (const [name, value, low, high] of rules) {
    if (Number.isInteger(value) && value >= low && value <= high) continue;
    const need = `${name} as an integer from ${low} to ${high}`;
    throw new UsageError('load patches', { need, found: `${value}` });
  }
}
