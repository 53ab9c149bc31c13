/** PackBits: runs of equal bytes. */

/**
 * Decodes exactly `length` bytes.
 *
 * @throws RangeError if the data ends early.
 * @source TIFF 6.0 section 9.
 */
export function decodePackBits(data: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let to = 0;
  for (let at = 0; to < length; ) {
    if (at + 1 >= data.length) throw new RangeError(`PackBits data ends after ${to} of ${length} bytes`);
    const head = (data[at++]! << 24) >> 24;
    if (head === -128) continue;
    if (head < 0) {
      const end = Math.min(length, to + 1 - head);
      out.fill(data[at++]!, to, end);
      to = end;
    } else {
      const literal = data.subarray(at, at + Math.min(head + 1, length - to));
      out.set(literal, to);
      at += head + 1;
      to += literal.length;
    }
  }
  return out;
}
