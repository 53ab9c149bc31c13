/** One thread of the server, as its caller sees it. It starts with the first call, and again after a crash. */
import { Worker } from 'node:worker_threads';
import { WorkLimit } from '../../slide/tiff/work-limit.ts';
import { Refusal } from '../refusal.ts';
import type { ThreadRole, ThreadRoles } from './calls.ts';
import type { CallMessage, ReplyMessage } from './thread.ts';

type Argument<F> = F extends (argument: infer A) => unknown ? A : never;
type Answer<F> = F extends (argument: never) => Promise<infer R> ? R : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The compiled entry beside this file; where this runs as TypeScript (under the test runner), its compiled twin. */
function threadEntry(): URL {
  const here = import.meta.url;
  const compiled = here.endsWith('.ts') ? here.replace(/\/src\/(?=server\/threads\/)/, '/dist/') : here;
  return new URL('./thread.js', compiled);
}

/** How long a thread may take to close its files at the end. */
const CLOSE_MS = 3_000;

export class ServerThread<R extends ThreadRole> {
  readonly #role: R;
  readonly #limit: WorkLimit;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #calls = 0;
  #closed = false;

  /** @param atATime calls that the thread works on together; the others wait. */
  constructor(role: R, atATime: number) {
    this.#role = role;
    this.#limit = new WorkLimit(atATime);
  }

  /** Calls that are not answered yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  /**
   * @throws Refusal with the thread's sentence; 503 when the thread ended or the server is ending.
   */
  call<K extends keyof ThreadRoles[R] & string>(
    name: K,
    argument: Argument<ThreadRoles[R][K]>,
  ): Promise<Answer<ThreadRoles[R][K]>> {
    return this.#limit.run(() => this.#send(name, argument)) as Promise<Answer<ThreadRoles[R][K]>>;
  }

  #send(name: string, argument: unknown): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Refusal(503, 'The server is ending.'));
    this.#worker ??= this.#start();
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker!.postMessage({ id, name, argument } satisfies CallMessage);
    });
  }

  #start(): Worker {
    const worker = new Worker(threadEntry(), { workerData: this.#role, name: `server ${this.#role}` });
    worker.unref();
    worker.on('message', (reply: ReplyMessage) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('value' in reply) waiting?.resolve(reply.value);
      else waiting?.reject(new Refusal(reply.refusal.status, reply.refusal.message));
    });
    const end = (error?: Error) => {
      if (error !== undefined) process.stderr.write(`${error.stack}\n`);
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const refusal = new Refusal(503, 'The part of the server that reads files stopped; try again.');
      for (const { reject } of this.#waiting.values()) reject(refusal);
      this.#waiting.clear();
    };
    worker.on('error', end);
    worker.on('exit', () => end());
    return worker;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const idle = async () => {
      while (this.pending > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([idle(), limit]);
    clearTimeout(timer);
    await worker.terminate();
  }
}
