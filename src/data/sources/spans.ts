/** Runs of consecutive numbers: which part does patch 1234 belong to? */

/** Consecutive spans of the given lengths. */
export class Spans {
  readonly total: number;
  readonly #starts: Float64Array;

  constructor(lengths: readonly number[]) {
    this.#starts = new Float64Array(lengths.length);
    let at = 0;
    lengths.forEach((length, part) => {
      this.#starts[part] = at;
      at += length;
    });
    this.total = at;
  }

  /** Part that holds `index` (0 <= index < total), and the place in it. Empty parts hold nothing. */
  locate(index: number): { readonly part: number; readonly offset: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return { part: low, offset: index - this.#starts[low]! };
  }
}
