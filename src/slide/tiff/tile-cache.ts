/** Keeps recently used tiles, bounded in bytes, and never decodes one tile twice at a time. */

/** Least-recently-used cache of decoded tiles, shared by all levels of a slide. */
export class TileCache {
  readonly #limitBytes: number;
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #loading = new Map<string, Promise<Uint8Array>>();
  #bytes = 0;

  /** @param limitBytes sum of the kept tiles; 0 keeps none. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes that are held now. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** The tile of that key, from memory or from `load`; callers of one key share one load. Not to be changed. */
  get(key: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const kept = this.#tiles.get(key);
    if (kept !== undefined) {
      this.#tiles.delete(key);
      this.#tiles.set(key, kept);
      return Promise.resolve(kept);
    }
    const running = this.#loading.get(key);
    if (running !== undefined) return running;
    const loading = load()
      .then((tile) => this.#keep(key, tile))
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  clear(): void {
    this.#tiles.clear();
    this.#bytes = 0;
  }

  #keep(key: string, tile: Uint8Array): Uint8Array {
    if (tile.length > this.#limitBytes) return tile;
    this.#tiles.set(key, tile);
    this.#bytes += tile.length;
    for (const [oldest, old] of this.#tiles) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#tiles.delete(oldest);
      this.#bytes -= old.length;
    }
    return tile;
  }
}
