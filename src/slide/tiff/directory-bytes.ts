/** Writes image file directories of TIFF and BigTIFF, little-endian. */

/** Field types that are written. */
export type FieldType = 'ascii' | 'short' | 'long' | 'long8' | 'rational';

/** One tag. Rationals are given as numbers. */
export interface Field {
  readonly tag: number;
  readonly type: FieldType;
  readonly values: ArrayLike<number>;
}

const TYPES: Readonly<Record<FieldType, { code: number; bytes: number }>> = {
  ascii: { code: 2, bytes: 1 },
  short: { code: 3, bytes: 2 },
  long: { code: 4, bytes: 4 },
  rational: { code: 5, bytes: 8 },
  long8: { code: 16, bytes: 8 },
};

/** Text as an ASCII field (UTF-8 bytes and a closing NUL). */
export function textField(tag: number, text: string): Field {
  return { tag, type: 'ascii', values: [...new TextEncoder().encode(text), 0] };
}

/**
 * Bytes of a directory whose first byte will stand at `position` (even). Values that do not fit their entry
 * follow the table. The position of the next directory stands at the returned `nextAt` and is 0.
 */
export function directoryBytes(
  fields: readonly Field[],
  position: number,
  big: boolean,
): { bytes: Uint8Array; nextAt: number } {
  const sorted = [...fields].sort((a, b) => a.tag - b.tag);
  const [headBytes, entryBytes, offsetBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const tableBytes = headBytes + sorted.length * entryBytes + offsetBytes;
  const lengths = sorted.map(({ type, values }) => TYPES[type].bytes * values.length);
  const outside = lengths.map((length) => (length > offsetBytes ? length + (length % 2) : 0));
  const bytes = new Uint8Array(tableBytes + outside.reduce((a, b) => a + b, 0));
  const view = new DataView(bytes.buffer);
  if (big) view.setBigUint64(0, BigInt(sorted.length), true);
  else view.setUint16(0, sorted.length, true);
  let free = tableBytes;
  for (const [i, field] of sorted.entries()) {
    const at = headBytes + i * entryBytes;
    view.setUint16(at, field.tag, true);
    view.setUint16(at + 2, TYPES[field.type].code, true);
    writeOffset(view, at + 4, field.values.length, big);
    const valueAt = at + 4 + offsetBytes;
    if (outside[i] === 0) writeValues(view, valueAt, field);
    else {
      writeOffset(view, valueAt, position + free, big);
      writeValues(view, free, field);
      free += outside[i]!;
    }
  }
  return { bytes, nextAt: position + tableBytes - offsetBytes };
}

/** First bytes of a file whose first directory stands at `firstDirectory`. */
export function headerBytes(firstDirectory: number, big: boolean): Uint8Array {
  const bytes = new Uint8Array(big ? 16 : 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, big ? 43 : 42, true);
  if (big) view.setUint16(4, 8, true);
  writeOffset(view, big ? 8 : 4, firstDirectory, big);
  return bytes;
}

/** A file position as it stands in a directory. */
export function offsetBytes(offset: number, big: boolean): Uint8Array {
  const bytes = new Uint8Array(big ? 8 : 4);
  writeOffset(new DataView(bytes.buffer), 0, offset, big);
  return bytes;
}

function writeOffset(view: DataView, at: number, value: number, big: boolean): void {
  if (big) view.setBigUint64(at, BigInt(value), true);
  else view.setUint32(at, value, true);
}

function writeValues(view: DataView, at: number, { type, values }: Field): void {
  const { bytes } = TYPES[type];
  for (let i = 0, to = at; i < values.length; i++, to += bytes) {
    const value = values[i]!;
    if (type === 'ascii') view.setUint8(to, value);
    else if (type === 'short') view.setUint16(to, value, true);
    else if (type === 'long') view.setUint32(to, value, true);
    else if (type === 'long8') view.setBigUint64(to, BigInt(value), true);
    else {
      // Thousandths are far finer than any pixel size is known.
      const unit = Math.min(1000, Math.floor(0xffffffff / Math.max(1, value)));
      view.setUint32(to, Math.round(value * unit), true);
      view.setUint32(to + 4, unit, true);
    }
  }
}
