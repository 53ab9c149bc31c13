/** From 8-bit pixels to what a backbone takes. */
/** Red, green, blue. */
export type ChannelNumbers = readonly [number, number, number];

/** `(value / 255 - mean) / std` for every 8-bit value, per channel; each step in float32. */
export interface NormalizeTable {
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
}

/** @param mean, std of samples in [0, 1], as on a backbone's card. */
export function normalizeTable(mean: ChannelNumbers, std: ChannelNumbers): NormalizeTable {
  const channel = (c: 0 | 1 | 2) => {
    const [centre, spread] = [Math.fround(mean[c]), Math.fround(std[c])];
    return Float32Array.from(
      { length: 256 },
      (_, value) => Math.fround(Math.fround(value / 255) - centre) / spread,
    );
  };
  return { red: channel(0), green: channel(1), blue: channel(2) };
}

/** RGB8 [H, W, 3] -> float32 [3, H, W], normalised, written into `out` from `offset` on. */
export function normalizeInto(
  pixels: Uint8ClampedArray,
  { red, green, blue }: NormalizeTable,
  out: Float32Array,
  offset: number,
): void {
  const plane = pixels.length / 3;
  let [r, g, b] = [offset, offset + plane, offset + 2 * plane];
  for (let i = 0; i < pixels.length; i += 3) {
    out[r++] = red[pixels[i]!]!;
    out[g++] = green[pixels[i + 1]!]!;
    out[b++] = blue[pixels[i + 2]!]!;
  }
}
