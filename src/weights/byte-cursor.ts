/** Reading a part of a file from front to back through a small buffer. */
import { COPY_AGAIN, type FileBytes } from './file-bytes.ts';

const BUFFER_BYTES = 65_536;
/** Longest line: module and class names of a pickle are far shorter. */
const LONGEST_LINE = 4096;

/** A position in a file between two ends. All numbers are little-endian unless named otherwise. */
export class ByteCursor {
  readonly file: FileBytes;
  /** Byte of the file that comes next. */
  position: number;
  readonly #end: number;
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #bufferStart = 0;

  constructor(file: FileBytes, start: number, end: number) {
    this.file = file;
    this.position = start;
    this.#end = end;
  }

  /** Bytes left before the end. */
  get left(): number {
    return this.#end - this.position;
  }

  /** The next `length` bytes, valid until the next call. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const { position } = this;
    if (length > this.left) {
      throw this.file.refuse(
        `${length} bytes at byte ${position}`,
        `${this.left} bytes before the end`,
        COPY_AGAIN,
      );
    }
    this.position += length;
    if (length > BUFFER_BYTES) return this.file.read(position, length);
    let start = position - this.#bufferStart;
    if (start < 0 || start + length > this.#buffer.length) {
      this.#buffer = this.file.read(position, Math.min(BUFFER_BYTES, this.#end - position));
      this.#bufferStart = position;
      start = 0;
    }
    return this.#buffer.subarray(start, start + length);
  }

  #view(length: number): DataView<ArrayBuffer> {
    const { buffer, byteOffset } = this.take(length);
    return new DataView(buffer, byteOffset, length);
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    return this.#view(2).getUint16(0, true);
  }

  int32(): number {
    return this.#view(4).getInt32(0, true);
  }

  uint32(): number {
    return this.#view(4).getUint32(0, true);
  }

  /** Values beyond 2^53 lose their last digits; as lengths they are too long anyway. */
  uint64(): number {
    return Number(this.#view(8).getBigUint64(0, true));
  }

  bigEndianFloat64(): number {
    return this.#view(8).getFloat64(0, false);
  }

  /** ASCII text up to the next line feed, which is consumed. */
  line(): string {
    let text = '';
    for (let code = this.uint8(); code !== 0x0a; code = this.uint8()) {
      if (text.length === LONGEST_LINE) {
        throw this.file.refuse(
          `a line of at most ${LONGEST_LINE} characters`,
          `a longer one at byte ${this.position}`,
        );
      }
      text += String.fromCharCode(code);
    }
    return text;
  }
}
