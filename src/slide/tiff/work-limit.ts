/** A queue that lets a fixed number of tasks run at a time. */

/** Bounds how many tasks run together; the others wait in order. */
export class WorkLimit {
  readonly size: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param size tasks that may run at a time, at least 1. */
  constructor(size: number) {
    this.size = size;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.size) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await task();
    } finally {
      // The place passes to the next in line, or becomes free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
