/** Entry of every thread of the server: loads what its role needs and answers calls, several at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { type RefusalMessage, refusalMessage } from '../refusal.ts';
import type { ThreadRole, ThreadRoles } from './calls.ts';

export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
export type ReplyMessage = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly refusal: RefusalMessage }
);

const LOAD: { readonly [R in ThreadRole]: () => Promise<ThreadRoles[R]> } = {
  slides: async () => (await import('../slides/slide-calls.ts')).slideCalls(),
  tables: async () => (await import('../tables/table-calls.ts')).tableCalls(),
  analysis: async () => (await import('../slides/analysis-calls.ts')).analysisCalls(),
};

const port = parentPort!;
const calls = (await LOAD[workerData as ThreadRole]()) as unknown as Record<
  string,
  (argument: unknown) => Promise<unknown>
>;

/** Answers own their memory and hand it over, except parts of larger buffers. */
function transferOf(value: unknown): ArrayBuffer[] {
  if (!ArrayBuffer.isView(value)) return [];
  return value.byteLength === value.buffer.byteLength ? [value.buffer as ArrayBuffer] : [];
}

port.on('message', async ({ id, name, argument }: CallMessage) => {
  try {
    const value = await calls[name]!(argument);
    port.postMessage({ id, value } satisfies ReplyMessage, transferOf(value));
  } catch (error) {
    const refusal = refusalMessage(error);
    if (refusal.status === 500) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    port.postMessage({ id, refusal } satisfies ReplyMessage);
  }
});
