/**
 * Runs a parsing library in a worker thread, so that a damaged file can neither end nor stall the program.
 *
 * Libraries that trust their input break in three ways on a damaged file: WebAssembly aborts and answers
 * nothing afterwards, a loop over linked blocks never ends, an allocation takes all memory. In a worker each of
 * these costs that worker only; the next file gets a new one.
 */
import { Worker } from 'node:worker_threads';

/** What a worker answers a request with; buffers in `transfer` change owner instead of being copied. */
export interface WorkerAnswer {
  readonly value: unknown;
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * The code of a worker. Its functions travel as their own text into the worker thread: they may use one another,
 * their arguments and Node's globals, and nothing else of their module. They must be function declarations
 * of one file.
 */
export interface WorkerCode {
  /**
   * @param load  imports a module by its address (`file://` or `node:`).
   * @param modules  what the pool was given: addresses of the libraries, and other constants.
   * @returns what answers each request.
   */
  readonly main: (
    load: (address: string) => Promise<unknown>,
    modules: readonly string[],
  ) => Promise<(request: never) => WorkerAnswer | Promise<WorkerAnswer>>;
  /** All functions that `main` and they themselves call. */
  readonly helpers: readonly ((...args: never[]) => unknown)[];
}

/** The library threw, its thread ended, or time ran out. */
export class WorkerFailure extends Error {
  readonly timedOut: boolean;
  constructor(message: string, timedOut = false) {
    super(message);
    this.name = 'WorkerFailure';
    this.timedOut = timedOut;
  }
}

/** Loading a library takes 0.2 s on an idle machine; a busy one gets this long. */
const START_LIMIT_MS = 60_000;

const scriptOf = ({ main, helpers }: WorkerCode) => `
const { parentPort, workerData } = require('node:worker_threads');
process.stdout.write = process.stderr.write = () => true;
${helpers.map((helper) => helper.toString()).join('\n')}
(${main.toString()})((address) => import(address), workerData).then((handle) => {
  parentPort.on('message', async (request) => {
    try {
      const { value, transfer } = await handle(request);
      parentPort.postMessage({ value }, transfer);
    } catch (error) {
      parentPort.postMessage({ error: String(error && error.message ? error.message : error) });
    }
  });
  parentPort.postMessage({ value: 'ready' });
});`;

interface Reply {
  readonly value?: unknown;
  readonly error?: string;
}

/** One worker thread; requests are answered one after another. */
export class GuardedWorker {
  readonly #worker: Worker;
  #settle: ((outcome: Reply | WorkerFailure) => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #ended = false;
  #retired = false;

  private constructor(code: WorkerCode, modules: readonly string[]) {
    // What the library prints is swallowed in the thread itself: its messages come back as errors. Reading the
    // thread's streams here would keep the process alive (Node 20), whatever unref() says.
    const options = { eval: true, workerData: modules, stdout: true, stderr: true } as const;
    this.#worker = new Worker(scriptOf(code), options);
    this.#worker.on('message', (reply: Reply) => this.#finish(reply));
    this.#worker.on('error', (error) => this.#finish(new WorkerFailure(error.message)));
    this.#worker.on('exit', () => this.#finish(new WorkerFailure('the reading thread ended')));
  }

  /** Starts the thread and waits until the library is loaded. */
  static async start(code: WorkerCode, modules: readonly string[]): Promise<GuardedWorker> {
    const worker = new GuardedWorker(code, modules);
    await worker.#reply(START_LIMIT_MS, () => undefined);
    return worker;
  }

  /** True once the library's state is in doubt: finish what is being read, then take another worker. */
  get retired(): boolean {
    return this.#retired;
  }

  retire(): void {
    this.#retired = true;
  }

  /**
   * @param limitMs  the thread is ended when it has not answered by then.
   * @throws WorkerFailure when the library threw, the thread ended, or time ran out. The worker is retired by it.
   */
  async request<T>(request: unknown, limitMs: number): Promise<T> {
    const answer = this.#turn.then(() => this.#reply(limitMs, () => this.#worker.postMessage(request)));
    this.#turn = answer.catch(() => undefined);
    return (await answer) as T;
  }

  #finish(outcome: Reply | WorkerFailure): void {
    const settle = this.#settle;
    this.#settle = undefined;
    if (outcome instanceof WorkerFailure) this.#ended = true;
    settle?.(outcome);
  }

  async #reply(limitMs: number, send: () => void): Promise<unknown> {
    if (this.#ended) throw new WorkerFailure('the reading thread has ended');
    this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    const outcome = await new Promise<Reply | WorkerFailure>((resolve) => {
      this.#settle = resolve;
      timer = setTimeout(() => {
        this.#finish(new WorkerFailure(`no answer within ${Math.round(limitMs / 1000)} s`, true));
        void this.stop();
      }, limitMs);
      send();
    });
    clearTimeout(timer);
    this.#worker.unref();
    if (!(outcome instanceof WorkerFailure) && outcome.error === undefined) return outcome.value;
    this.#retired = true;
    throw outcome instanceof WorkerFailure ? outcome : new WorkerFailure(outcome.error ?? 'no reason given');
  }

  async stop(): Promise<void> {
    this.#retired = true;
    await this.#worker.terminate();
  }
}
