/**
 * The truth-value type of h5py, and with it AnnData: an enum of one byte with FALSE = 0 and TRUE = 1.
 *
 * h5wasm reads it and cannot write it. It does write records. So truth values go out as records with one int8
 * field of a known name, and in the finished file that type's description is replaced by the enum's, which is
 * shorter: the rest of its message is zeros, which HDF5 skips.
 */
import { type FileHandle, open } from 'node:fs/promises';

/** Field name of the stand-in; long and odd enough to occur nowhere else. */
export const STAND_IN = 'truth value, to be made an enum';

function le(bytes: number, value: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

/** int8: class 0, version 1, signed, 1 byte, 8 bits from bit 0. */
const INT8 = Buffer.concat([Buffer.from([0x10, 0x08, 0, 0]), le(4, 1), le(2, 0), le(2, 8)]);

function padded(name: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil((name.length + 1) / 8) * 8);
  bytes.write(name, 'latin1');
  return bytes;
}

/** Record with one member: class 6, version 1; after the name offset 0, no array dimensions, then the type. */
const RECORD = Buffer.concat([
  Buffer.from([0x16, 1, 0, 0]),
  le(4, 1),
  padded(STAND_IN),
  Buffer.alloc(32),
  INT8,
]);

/** Enum with two members: class 8, version 1; base type, names, values. */
const ENUM = Buffer.concat([
  Buffer.from([0x18, 2, 0, 0]),
  le(4, 1),
  INT8,
  padded('FALSE'),
  padded('TRUE'),
  Buffer.from([0, 1]),
]);

const REPLACEMENT = Buffer.concat([ENUM, Buffer.alloc(RECORD.length - ENUM.length)]);

/** Bytes searched at a time. */
const BLOCK_BYTES = 2 ** 24;

/**
 * Replaces every description of the stand-in type in a file by that of the truth-value enum.
 *
 * @source HDF5 File Format Specification 3.0, IV.A.2.d, "The Datatype Message".
 */
export async function makeBooleanTypes(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (const place of await placesOf(file, RECORD)) {
      await file.write(REPLACEMENT, 0, REPLACEMENT.length, place);
    }
  } finally {
    await file.close();
  }
}

async function placesOf(file: FileHandle, wanted: Buffer): Promise<number[]> {
  const places: number[] = [];
  const block = Buffer.alloc(BLOCK_BYTES + wanted.length);
  for (let start = 0; ; start += BLOCK_BYTES) {
    const { bytesRead } = await file.read(block, 0, block.length, start);
    const found = block.subarray(0, bytesRead);
    for (let at = found.indexOf(wanted); at >= 0 && at < BLOCK_BYTES; at = found.indexOf(wanted, at + 1)) {
      places.push(start + at);
    }
    if (bytesRead < block.length) return places;
  }
}
