/** From decoded samples to RGB8. */
import { PHOTOMETRIC } from './tags.ts';
import type { TiffImage } from './tiff-image.ts';

/** Undoes horizontal differencing in place, row by row. @source TIFF 6.0 section 14. */
export function undoPredictor(
  bytes: Uint8Array,
  layout: { rowBytes: number; samples: number; bits: number; little: boolean },
): void {
  const { rowBytes, samples, bits, little } = layout;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let row = 0; row + rowBytes <= bytes.length; row += rowBytes) {
    if (bits === 8) {
      for (let i = row + samples; i < row + rowBytes; i++) bytes[i] = bytes[i]! + bytes[i - samples]!;
      continue;
    }
    for (let i = row + 2 * samples; i < row + rowBytes; i += 2) {
      const sum = view.getUint16(i, little) + view.getUint16(i - 2 * samples, little);
      view.setUint16(i, sum & 0xffff, little);
    }
  }
}

/** The high byte of every 16-bit sample. */
export function highBytes(bytes: Uint8Array, little: boolean): Uint8Array {
  const out = new Uint8Array(bytes.length >> 1);
  for (let i = 0, from = little ? 1 : 0; i < out.length; i++, from += 2) out[i] = bytes[from]!;
  return out;
}

/**
 * Turns 8-bit samples into RGB8: grey is repeated, a palette looked up, transparency laid on white, further
 * samples dropped.
 *
 * @param planes   one array with the samples of a pixel side by side, or one array per sample.
 * @param pixels   number of pixels.
 * @param palette  the ColorMap tag of a palette picture: 3 x 256 values of 16 bits.
 */
export function samplesToRgb(
  image: Pick<TiffImage, 'photometric' | 'samples' | 'extraSample'>,
  planes: readonly Uint8Array[],
  pixels: number,
  palette: Float64Array | undefined,
): Uint8Array {
  const { photometric, samples } = image;
  const side = planes.length === 1;
  if (side && samples === 3 && photometric !== PHOTOMETRIC.palette) return planes[0]!;
  const step = side ? samples : 1;
  const sample = (s: number): readonly [Uint8Array, number] => (side ? [planes[0]!, s] : [planes[s]!, 0]);
  const isColour = photometric === PHOTOMETRIC.rgb || photometric === PHOTOMETRIC.yCbCr;
  const out = new Uint8Array(3 * pixels);
  for (let c = 0; c < 3; c++) {
    const [from, offset] = sample(isColour ? c : 0);
    const table = valueTable(photometric, palette, c);
    for (let i = 0, at = offset; i < pixels; i++, at += step) out[3 * i + c] = table[from[at]!]!;
  }
  const colours = isColour ? 3 : 1;
  const isAlpha = samples > colours && (image.extraSample === 1 || image.extraSample === 2);
  if (isAlpha) layOnWhite(out, sample(colours), step, image.extraSample === 1);
  return out;
}

function valueTable(photometric: number, palette: Float64Array | undefined, channel: number): Uint8Array {
  const isPalette = photometric === PHOTOMETRIC.palette && palette !== undefined;
  return Uint8Array.from({ length: 256 }, (_, value) => {
    if (isPalette) return (palette[256 * channel + value] ?? 0) / 256;
    return photometric === PHOTOMETRIC.whiteIsZero ? 255 - value : value;
  });
}

/** colour * alpha + 255 * (1 - alpha); associated colours are multiplied already. */
function layOnWhite(
  rgb: Uint8Array,
  [alpha, offset]: readonly [Uint8Array, number],
  step: number,
  isAssociated: boolean,
): void {
  for (let i = 0, at = offset; 3 * i < rgb.length; i++, at += step) {
    const a = alpha[at]!;
    for (let c = 3 * i; c < 3 * i + 3; c++) {
      const colour = isAssociated ? rgb[c]! : (rgb[c]! * a) / 255;
      rgb[c] = Math.min(255, Math.round(colour + 255 - a));
    }
  }
}
