/** Entry of the reading thread: a block of patches for every `next`, whose memory is handed over, not copied. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../../data/loader/error-message.ts';
import { openSlide, readTiles } from '../../slide/index.ts';
import type { PatchMessage, PatchReading } from './patch-reader.ts';
import { normalizeStain } from './stain-choice.ts';

const port = parentPort!;
const { path, open, grid, stain, from, block } = workerData as PatchReading;

/** Blocks that may be sent now. */
let credit = 0;
let isStopped = false;
let wake = () => {};
port.on('message', (message: 'next' | 'stop') => {
  if (message === 'stop') isStopped = true;
  else credit++;
  wake();
});

async function send(message: PatchMessage): Promise<void> {
  while (credit === 0 && !isStopped) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  if (isStopped) return;
  credit--;
  port.postMessage(message, 'pixels' in message ? [message.pixels.buffer as ArrayBuffer] : []);
}

async function readAll(): Promise<void> {
  const slide = await openSlide(path, open);
  try {
    const bytesEach = 3 * grid.sizePx ** 2;
    const rest = { ...grid, corners: grid.corners.subarray(2 * from) };
    const count = rest.corners.length / 2;
    let pixels = new Uint8Array(0);
    for await (const patch of readTiles(slide, rest)) {
      if (isStopped) return;
      const at = patch.index % block;
      if (at === 0) pixels = new Uint8Array(bytesEach * Math.min(block, count - patch.index));
      pixels.set(stain === undefined ? patch.pixels : normalizeStain(patch.pixels, stain), at * bytesEach);
      if (at === block - 1 || patch.index === count - 1) await send({ pixels });
    }
    await send({ end: true });
  } finally {
    await slide.close();
  }
}

await readAll().catch((error) => send({ error: packError(error) }));
port.close();
