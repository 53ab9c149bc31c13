/** Batches made in the calling thread, when asked for. */
import {
  BatchMaker,
  type BatchPixels,
  type BatchSetup,
  type BatchTask,
  StoppedError,
} from './batch-maker.ts';
import type { BatchProducer } from './worker-pool.ts';

/** Does the work of the worker threads itself, one batch after the other. */
export class InlineProducer implements BatchProducer {
  readonly #stop: Int32Array;
  readonly #opening: Promise<BatchMaker>;
  #last: Promise<unknown> = Promise.resolve();
  #reason: unknown;

  constructor(setup: BatchSetup) {
    this.#stop = setup.stop;
    this.#opening = BatchMaker.open(setup);
    this.#opening.catch(() => undefined); // thrown by the first request
  }

  request(task: BatchTask): Promise<BatchPixels> {
    const batch = this.#last.then(() => this.#make(task));
    this.#last = batch.catch(() => undefined);
    return batch;
  }

  async #make(task: BatchTask): Promise<BatchPixels> {
    try {
      return await (await this.#opening).make(task);
    } catch (error) {
      throw error instanceof StoppedError ? this.#reason : error;
    }
  }

  async close(reason: unknown): Promise<void> {
    this.#reason ??= reason;
    Atomics.store(this.#stop, 0, 1);
    await this.#last;
    await this.#opening.then(
      (maker) => maker.close(),
      () => undefined,
    );
  }
}
