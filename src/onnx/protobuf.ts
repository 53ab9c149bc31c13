/**
 * Protocol Buffers, the writing half that ONNX files need: varints, length-delimited fields, packed numbers.
 *
 * @source https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const BYTES = 2;
const FLOAT32 = 5;

/** One message under construction; fields keep the order they are added in. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  #append(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  #tag(field: number, type: number): this {
    return this.#append(varint(field * 8 + type));
  }

  /** A whole number of at most 53 bits; negative ones as 64-bit two's complement. */
  integer(field: number, value: number): this {
    return this.#tag(field, VARINT).#append(varint(value));
  }

  float(field: number, value: number): this {
    return this.#tag(field, FLOAT32).#append(new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, BYTES).#append(varint(value.length)).#append(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    this.#tag(field, BYTES).#append(varint(value.#length));
    for (const part of value.#parts) this.#append(part);
    return this;
  }

  /** The encoded message. */
  toBytes(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
