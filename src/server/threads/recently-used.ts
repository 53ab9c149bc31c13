/** Things that take time to make, kept while they are among the last used and small enough together. */

export interface RecentlyUsedLimits<T> {
  readonly bytes: number;
  /** Default: any number of them. */
  readonly count?: number;
  bytesOf(value: T): number;
  /** Called for what is let go. */
  drop?(value: T): void;
}

interface Kept<T> {
  readonly making: Promise<T>;
  bytes: number;
}

export class RecentlyUsed<T> {
  readonly #limits: RecentlyUsedLimits<T>;
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept<T>>();

  constructor(limits: RecentlyUsedLimits<T>) {
    this.#limits = limits;
  }

  /** The thing of that key, made if need be; one that could not be made is not kept. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.making;
    }
    const kept: Kept<T> = { making: make(), bytes: 0 };
    this.#kept.set(key, kept);
    try {
      const value = await kept.making;
      kept.bytes = this.#limits.bytesOf(value);
      this.#shrink(key);
      return value;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }

  #shrink(inUse: string): void {
    const { bytes: most, count = Number.POSITIVE_INFINITY, drop } = this.#limits;
    let bytes = 0;
    for (const kept of this.#kept.values()) bytes += kept.bytes;
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= count && bytes <= most) return;
      if (key === inUse) continue;
      this.#kept.delete(key);
      bytes -= kept.bytes;
      if (drop !== undefined) void kept.making.then(drop).catch(() => undefined);
    }
  }
}
