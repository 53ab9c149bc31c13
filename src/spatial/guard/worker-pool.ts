/** Hands out guarded workers: one idle worker is kept for the next file, one in doubt never comes back. */
import { GuardedWorker, type WorkerCode } from './guarded-worker.ts';

/** Time a request gets whatever the file's size: a damaged file costs this and the start of a thread, ten seconds in all. */
const BASE_LIMIT_MS = 7_000;

/** Slowest reading that counts as progress. */
const BYTES_PER_MS = 16_000;

/** How long one request on a file of that size may take. */
export function requestLimitMs(fileBytes: number): number {
  return BASE_LIMIT_MS + fileBytes / BYTES_PER_MS;
}

/** Workers of one library. */
export class WorkerPool {
  readonly #code: WorkerCode;
  readonly #modules: () => readonly string[];
  #idle: GuardedWorker | undefined;

  /** @param modules  addresses of the library's modules, asked for when the first worker starts. */
  constructor(code: WorkerCode, modules: () => readonly string[]) {
    this.#code = code;
    this.#modules = modules;
  }

  /** A worker for one file; uses may overlap, each then has another worker. */
  async acquire(): Promise<GuardedWorker> {
    const kept = this.#idle;
    this.#idle = undefined;
    return kept !== undefined && !kept.retired ? kept : GuardedWorker.start(this.#code, this.#modules());
  }

  /** Gives a worker back; every acquired worker is released once. */
  async release(worker: GuardedWorker): Promise<void> {
    if (worker.retired || this.#idle !== undefined) await worker.stop();
    else this.#idle = worker;
  }

  /** Runs `use` with a worker of its own. */
  async with<T>(use: (worker: GuardedWorker) => Promise<T>): Promise<T> {
    const worker = await this.acquire();
    try {
      return await use(worker);
    } finally {
      await this.release(worker);
    }
  }
}
