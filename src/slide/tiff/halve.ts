/** The next smaller level of a pyramid. */

/**
 * Means of 2 x 2 pixels, rounded half up. An odd last row or column is dropped.
 *
 * @param pixels  RGB8, row-major [rows, widthPx, 3] (may be longer).
 * @param toWidth floor(widthPx / 2).
 * @returns       RGB8, row-major [floor(rows / 2), toWidth, 3].
 */
export function halveRows(pixels: Uint8Array, widthPx: number, rows: number, toWidth: number): Uint8Array {
  const toRows = Math.floor(rows / 2);
  const out = new Uint8Array(3 * toWidth * toRows);
  const stride = 3 * widthPx;
  for (let y = 0, to = 0; y < toRows; y++) {
    for (let x = 0, at = 2 * y * stride; x < toWidth; x++, at += 6) {
      for (let c = at; c < at + 3; c++, to++) {
        const sum = pixels[c]! + pixels[c + 3]! + pixels[c + stride]! + pixels[c + stride + 3]!;
        out[to] = (sum + 2) >> 2;
      }
    }
  }
  return out;
}
