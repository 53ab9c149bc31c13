/** Working memory that is reused from one crop to the next, so that no loop allocates. One per thread. */
export class Scratch {
  #patchWords = new Int32Array(0);
  #passBytes = new Uint8ClampedArray(0);
  #cropBytes = new Uint8ClampedArray(0);
  #rowFloats = new Float64Array(0);

  /** A packed patch: at least `length` words, content undefined. */
  patchWords(length: number): Int32Array {
    if (this.#patchWords.length < length) this.#patchWords = new Int32Array(length);
    return this.#patchWords;
  }

  /** What is between two passes: at least `length` bytes, a whole number of words, content undefined. */
  passBytes(length: number): Uint8ClampedArray {
    if (this.#passBytes.length < length) this.#passBytes = new Uint8ClampedArray(4 * Math.ceil(length / 4));
    return this.#passBytes;
  }

  /** A crop being worked on: exactly `length` bytes, content undefined. */
  cropBytes(length: number): Uint8ClampedArray {
    if (this.#cropBytes.length < length) this.#cropBytes = new Uint8ClampedArray(length);
    return this.#cropBytes.subarray(0, length);
  }

  /** One row of a blur: at least `length` numbers, content undefined. */
  rowFloats(length: number): Float64Array {
    if (this.#rowFloats.length < length) this.#rowFloats = new Float64Array(length);
    return this.#rowFloats;
  }
}
