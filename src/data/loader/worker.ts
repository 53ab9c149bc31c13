/** Entry of a loader's worker thread: takes tasks, answers with batches whose memory is handed over, not copied. */
import { parentPort, workerData } from 'node:worker_threads';
import { BatchMaker, type BatchSetup, type BatchTask } from './batch-maker.ts';
import { packError } from './error-message.ts';
import type { WorkerAnswer } from './worker-pool.ts';

const port = parentPort!;
const opening = BatchMaker.open(workerData as BatchSetup);
opening.catch(() => undefined); // reported with the first task

async function work(task: BatchTask): Promise<void> {
  try {
    const pixels = await (await opening).make(task);
    const { global, local, samples } = pixels;
    const answer: WorkerAnswer = { iteration: task.iteration, pixels };
    port.postMessage(answer, [global.buffer, local.buffer, samples.buffer] as ArrayBuffer[]);
  } catch (error) {
    port.postMessage({ iteration: task.iteration, error: packError(error) } satisfies WorkerAnswer);
  }
}

async function finish(): Promise<void> {
  await opening.then(
    (maker) => maker.close(),
    () => undefined,
  );
  port.close();
}

let last = Promise.resolve();
port.on('message', (message: BatchTask | 'close') => {
  last = last.then(() => (message === 'close' ? finish() : work(message)));
});
