/** Batches made by worker threads. */
import { Worker } from 'node:worker_threads';
import { EngineError } from '../../errors.ts';
import type { BatchPixels, BatchSetup, BatchTask } from './batch-maker.ts';
import { type ErrorMessage, unpackError } from './error-message.ts';

/** Whatever turns tasks into batches. */
export interface BatchProducer {
  /** Starts a batch; the promise settles when it is finished. */
  request(task: BatchTask): Promise<BatchPixels>;
  /** Ends all work; what is not finished is rejected with `reason`. */
  close(reason: unknown): Promise<void>;
}

/** What a worker sends back. */
export type WorkerAnswer =
  | { readonly iteration: number; readonly pixels: BatchPixels }
  | { readonly iteration: number; readonly error: ErrorMessage };

interface Waiting {
  readonly resolve: (pixels: BatchPixels) => void;
  readonly reject: (reason: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
  readonly ended: Promise<void>;
}

/** How long a thread may take to finish the patch it is at before it is ended by force. */
const CLOSE_MS = 5_000;

/**
 * The compiled entry beside this file. Node.js 20 cannot start a thread from TypeScript; so where this file itself runs
 * as TypeScript (under the test runner), it is its compiled twin: `src/data/loader` -> `dist/data/loader`.
 */
function workerEntry(): URL {
  const here = import.meta.url;
  return new URL(
    './worker.js',
    here.endsWith('.ts') ? here.replace(/\/src\/(?=data\/loader\/)/, '/dist/') : here,
  );
}

/** Worker threads that make whole batches, each batch in one thread. */
export class WorkerPool implements BatchProducer {
  readonly #threads: Thread[];
  readonly #stop: Int32Array;
  #failure: { readonly reason: unknown } | undefined;

  constructor(setup: BatchSetup, workers: number) {
    this.#stop = setup.stop;
    this.#threads = Array.from({ length: workers }, () => this.#start(setup));
  }

  request(task: BatchTask): Promise<BatchPixels> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.reason);
      const thread = this.#threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
      thread.waiting.set(task.iteration, { resolve, reject });
      thread.worker.ref();
      thread.worker.postMessage(task);
    });
  }

  async close(reason: unknown): Promise<void> {
    Atomics.store(this.#stop, 0, 1);
    this.#fail(reason);
    await Promise.all(this.#threads.map(endThread));
  }

  #start(setup: BatchSetup): Thread {
    const worker = new Worker(workerEntry(), { workerData: setup, name: 'patch loader' });
    const waiting = new Map<number, Waiting>();
    worker.on('message', (answer: WorkerAnswer) => {
      const entry = waiting.get(answer.iteration);
      waiting.delete(answer.iteration);
      // An idle thread does not keep the program alive; one that somebody may be waiting for does.
      if (waiting.size === 0) worker.unref();
      if ('error' in answer) entry?.reject(unpackError(answer.error));
      else entry?.resolve(answer.pixels);
    });
    worker.on('error', (cause) => this.#fail(threadFailed(cause.message, cause)));
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', (code) => {
        this.#fail(threadFailed(`exit code ${code}`));
        resolve();
      });
    });
    worker.unref();
    return { worker, waiting, ended };
  }

  /** The first reason counts; everything not finished gets it. */
  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const { waiting, worker } of this.#threads ?? []) {
      for (const { reject } of waiting.values()) reject(this.#failure.reason);
      waiting.clear();
      worker.unref();
    }
  }
}

function threadFailed(found: string, cause?: unknown): EngineError {
  return new EngineError('load patches', {
    need: 'worker threads that run until they are closed',
    found,
    next: 'use fewer workers, or 0 to load in the main thread',
    cause,
  });
}

async function endThread({ worker, ended }: Thread): Promise<void> {
  worker.ref();
  worker.postMessage('close');
  const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
  await ended;
  clearTimeout(timer);
}
