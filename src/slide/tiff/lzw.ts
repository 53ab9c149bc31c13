/** LZW as TIFF uses it: codes of 9 to 12 bits, most significant bit first. */

const CLEAR = 256;
const END = 257;
const FIRST = 258;

/**
 * Decodes at most `length` bytes.
 *
 * @throws RangeError if a code is impossible or the data ends early.
 * @source TIFF 6.0 section 13.
 */
export function decodeLzw(data: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  // Every code above 257 is a place in the output: where its string starts and how long it is.
  const starts = new Int32Array(4097);
  const sizes = new Int32Array(4097);
  let next = FIRST;
  let width = 9;
  let buffer = 0;
  let held = 0;
  let at = 0;
  let to = 0;
  let lastStart = -1;
  let lastSize = 0;
  while (to < length) {
    while (held < width) {
      if (at >= data.length) throw new RangeError(`LZW data ends after ${to} of ${length} bytes`);
      buffer = ((buffer << 8) | data[at++]!) & 0xffffff;
      held += 8;
    }
    const code = (buffer >>> (held - width)) & ((1 << width) - 1);
    held -= width;
    if (code === END) throw new RangeError(`LZW data stops after ${to} of ${length} bytes`);
    if (code === CLEAR) {
      next = FIRST;
      width = 9;
      lastStart = -1;
      continue;
    }
    const start = to;
    if (code < CLEAR) out[to++] = code;
    else if (code < next) to = copyString(out, starts[code]!, sizes[code]!, to);
    else if (code === next && lastStart >= 0) to = copyString(out, lastStart, lastSize + 1, to);
    else throw new RangeError(`LZW code ${code} before it was defined`);
    if (lastStart >= 0 && next < 4096) {
      // The previous string and the first byte of this one, which stand next to each other.
      starts[next] = lastStart;
      sizes[next++] = lastSize + 1;
      // Codes grow one step early.
      if (next + 1 >= 1 << width && width < 12) width++;
    }
    lastStart = start;
    lastSize = to - start;
  }
  return out;
}

/** Copies forward byte by byte, since a string may reach into what it is writing. */
function copyString(out: Uint8Array, from: number, size: number, to: number): number {
  const end = Math.min(out.length, to + size);
  for (; to < end; to++, from++) out[to] = out[from]!;
  return end;
}
