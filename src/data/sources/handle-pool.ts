/** A limited number of open files, the least recently used closed first. */

interface Entry<H> {
  readonly handle: Promise<H>;
  users: number;
}

export interface HandlePoolOptions<H> {
  /** Handles kept open; more are open only while that many are in use at once. */
  readonly limit: number;
  readonly open: (path: string) => Promise<H>;
  readonly close: (handle: H) => Promise<void> | void;
}

/** Opens on first use, keeps open for the next, closes what has not been used for longest. */
export class HandlePool<H> {
  readonly #options: HandlePoolOptions<H>;
  /** In order of last use, oldest first. */
  readonly #entries = new Map<string, Entry<H>>();

  constructor(options: HandlePoolOptions<H>) {
    this.#options = options;
  }

  /** Runs `work` with the open handle. A failed opening is not remembered. */
  async use<T>(path: string, work: (handle: H) => T | Promise<T>): Promise<T> {
    const entry = this.#entries.get(path) ?? { handle: this.#options.open(path), users: 0 };
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    entry.users++;
    try {
      return await work(await entry.handle);
    } finally {
      entry.users--;
      await this.#forgetFailed(path, entry);
      await this.#shrink(this.#options.limit);
    }
  }

  /** Closes everything that is not in use. */
  async close(): Promise<void> {
    await this.#shrink(0);
  }

  async #forgetFailed(path: string, entry: Entry<H>): Promise<void> {
    const failed = await entry.handle.then(
      () => false,
      () => true,
    );
    if (failed && this.#entries.get(path) === entry) this.#entries.delete(path);
  }

  async #shrink(limit: number): Promise<void> {
    for (const [path, entry] of [...this.#entries]) {
      if (this.#entries.size <= limit) return;
      if (entry.users > 0) continue;
      this.#entries.delete(path);
      await this.#options.close(await entry.handle);
    }
  }
}
