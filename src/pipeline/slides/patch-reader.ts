/** Reading a slide's patches in a thread of its own, so that decoding goes on while the encoder computes. */
import { Worker } from 'node:worker_threads';
import { type ErrorMessage, unpackError } from '../../data/loader/error-message.ts';
import { EngineError } from '../../errors.ts';
import type { OpenSlideOptions, TileGrid } from '../../slide/index.ts';
import type { StainTransform } from './stain-choice.ts';

/** What the thread is told; plain data. */
export interface PatchReading {
  readonly path: string;
  readonly open: OpenSlideOptions;
  readonly grid: TileGrid;
  readonly stain?: StainTransform;
  /** First patch to read. */
  readonly from: number;
  /** Patches per message. */
  readonly block: number;
}

/** What the thread answers: patches one after the other, the end, or an error. */
export type PatchMessage =
  | { readonly pixels: Uint8Array }
  | { readonly end: true }
  | { readonly error: ErrorMessage };

/** Blocks that are read ahead of the one being used; bounds the memory. */
const BLOCKS_AHEAD = 3;
const BLOCK = 16;
/** How long the thread may take to finish the patches it is at before it is ended by force. */
const CLOSE_MS = 5_000;

/** The compiled entry beside this file; where this runs as TypeScript (under the test runner), its compiled twin. */
function threadEntry(): URL {
  const here = import.meta.url;
  const compiled = here.endsWith('.ts') ? here.replace(/\/src\/(?=pipeline\/slides\/)/, '/dist/') : here;
  return new URL('./patch-reader-thread.js', compiled);
}

/**
 * Patches `from` up to the end of the list, RGB8, in order. Leaving the loop ends the thread.
 *
 * @throws what opening and reading the slide throws; EngineError if the thread ends by itself.
 */
export async function* readPatchesAhead(
  reading: Omit<PatchReading, 'block'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const block = BLOCK;
  const worker = new Worker(threadEntry(), { workerData: { ...reading, block }, name: 'patch reader' });
  const arrived: PatchMessage[] = [];
  let failure: unknown;
  let wake = () => {};
  worker.on('message', (message: PatchMessage) => {
    arrived.push(message);
    wake();
  });
  worker.on('error', (error) => {
    failure = error;
    wake();
  });
  worker.on('exit', (code) => {
    failure ??= new EngineError('read patches', {
      need: 'a reading thread that runs until it is done',
      found: `exit code ${code}`,
    });
    wake();
  });
  try {
    for (let i = 0; i < BLOCKS_AHEAD; i++) worker.postMessage('next');
    for (;;) {
      while (arrived.length === 0 && failure === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const message = arrived.shift();
      if (message === undefined) throw failure;
      if ('error' in message) throw unpackError(message.error);
      if ('end' in message) return;
      worker.postMessage('next');
      const bytesEach = 3 * reading.grid.sizePx ** 2;
      for (let at = 0; at < message.pixels.length; at += bytesEach)
        yield message.pixels.subarray(at, at + bytesEach);
    }
  } finally {
    await endThread(worker);
  }
}

/** Lets the thread close its slide; native decoders do not like to be cut off. */
async function endThread(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.postMessage('stop');
  const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
  await ended;
  clearTimeout(timer);
}
