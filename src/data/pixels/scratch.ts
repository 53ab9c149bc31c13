/** Working memory that is reused from one crop to the next, so that no loop allocates. One per thread. */
export class Scratch {
  #passBytes = new Uint8ClampedArray(0);
  #cropBytes = new Uint8ClampedArray(0);
  #rowFloats = new Float32Array(0);

  /** Between the two passes of a resize; content undefined. */
  passBytes(length: number): Uint8ClampedArray {
    if (this.#passBytes.length < length) this.#passBytes = new Uint8ClampedArray(length);
    return this.#passBytes;
  }

  /** A crop being worked on: exactly `length` bytes, content undefined. */
  cropBytes(length: number): Uint8ClampedArray {
    if (this.#cropBytes.length < length) this.#cropBytes = new Uint8ClampedArray(length);
    return this.#cropBytes.subarray(0, length);
  }

  /** One padded row of a blur; content undefined. */
  rowFloats(length: number): Float32Array {
    if (this.#rowFloats.length < length) this.#rowFloats = new Float32Array(length);
    return this.#rowFloats;
  }
}
