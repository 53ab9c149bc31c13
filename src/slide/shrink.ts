/** Shrinking RGB8 pictures, also ones that are too large to hold. */
import sharp from 'sharp';
import { enlarge } from './enlarge.ts';
import type { Picture } from './pixels.ts';
import type { Region } from './slide-image.ts';

/** Regions of more pixels are averaged band by band before they are shrunk to size. */
const WHOLE_PIXELS = 2 ** 24;

/** Size of the result, pixels. */
export interface TargetSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * A picture resampled to `size`: the same pixels where the size stays, a cubic kernel widened by the shrink
 * factor where it shrinks (nothing aliases), bicubic interpolation where it grows.
 */
export async function resample(picture: Picture, size: TargetSize): Promise<Picture> {
  const { pixels, widthPx, heightPx } = picture;
  if (widthPx === size.widthPx && heightPx === size.heightPx) return picture;
  if (widthPx <= size.widthPx && heightPx <= size.heightPx)
    return { pixels: enlarge(pixels, picture, size), ...size };
  const raw = { width: widthPx, height: heightPx, channels: 3 as const };
  const small = await sharp(pixels, { raw, limitInputPixels: false })
    .resize(size.widthPx, size.heightPx, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  return { pixels: small, ...size };
}

/**
 * Reads a region and resamples it to `size` with bounded memory. Where the region is large, whole squares of
 * k x k pixels (k at most half the shrink factor) are averaged first, band by band.
 */
export async function readResampled(
  read: (region: Region) => Promise<Uint8Array>,
  region: Region,
  size: TargetSize,
): Promise<Picture> {
  const { width, height } = region;
  const factor = Math.min(width / size.widthPx, height / size.heightPx);
  const k = width * height <= WHOLE_PIXELS ? 1 : Math.max(1, Math.floor(factor / 2));
  if (k === 1) return resample({ pixels: await read(region), widthPx: width, heightPx: height }, size);
  const widthPx = Math.ceil(width / k);
  const heightPx = Math.ceil(height / k);
  const pixels = new Uint8Array(3 * widthPx * heightPx);
  const bandRows = Math.max(1, Math.floor(WHOLE_PIXELS / 4 / (width * k)));
  for (let row = 0; row < heightPx; row += bandRows) {
    const y = row * k;
    const band = { x: region.x, y: region.y + y, width, height: Math.min(bandRows * k, height - y) };
    averageSquares(await read(band), band, k, pixels.subarray(3 * row * widthPx));
  }
  return resample({ pixels, widthPx, heightPx }, size);
}

/** Mean of every k x k square; squares at the right and lower border may be incomplete. */
function averageSquares(band: Uint8Array, { width, height }: Region, k: number, out: Uint8Array): void {
  const widthPx = Math.ceil(width / k);
  const sums = new Uint32Array(3 * widthPx);
  for (let top = 0, to = 0; top < height; top += k) {
    const rows = Math.min(k, height - top);
    sums.fill(0);
    for (let y = top; y < top + rows; y++) {
      for (let x = 0, at = 3 * y * width; x < width; x++, at += 3) {
        const s = 3 * Math.floor(x / k);
        sums[s]! += band[at]!;
        sums[s + 1]! += band[at + 1]!;
        sums[s + 2]! += band[at + 2]!;
      }
    }
    for (let i = 0; i < sums.length; i++, to++) {
      const columns = Math.min(k, width - k * Math.floor(i / 3));
      out[to] = Math.round(sums[i]! / (rows * columns));
    }
  }
}
