/** One compressed tile or strip to RGB8. */
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import sharp from 'sharp';
import { assembleJpeg } from './jpeg-tile.ts';
import { decodeLzw } from './lzw.ts';
import { decodePackBits } from './pack-bits.ts';
import { highBytes, samplesToRgb, undoPredictor } from './samples.ts';
import { PHOTOMETRIC } from './tags.ts';
import { coloursOf, type TiffImage } from './tiff-image.ts';

const inflateAsync = promisify(inflate);

/** What all chunks of a picture share. */
export interface ChunkTables {
  readonly jpegTables: Uint8Array | undefined;
  readonly palette: Float64Array | undefined;
}

/** Pixels that a chunk holds. */
export interface ChunkSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * Decodes a chunk.
 *
 * @param planes compressed bytes: one array, or one per sample where the picture is planar.
 * @returns      RGB8, row-major, `3 * widthPx * heightPx` bytes.
 * @throws RangeError or an error of zlib or libvips if the data is damaged.
 */
export async function decodeChunk(
  image: TiffImage,
  planes: readonly Uint8Array[],
  size: ChunkSize,
  tables: ChunkTables,
): Promise<Uint8Array> {
  const { compression } = image;
  if (compression === 7) {
    const isYCbCr = image.photometric === PHOTOMETRIC.yCbCr;
    const { bytes, frame } = assembleJpeg(planes[0]!, tables.jpegTables, isYCbCr);
    if (frame.components !== coloursOf(image.photometric))
      throw new RangeError(`JPEG with ${frame.components} components`);
    if (
      frame.widthPx !== size.widthPx ||
      frame.heightPx < size.heightPx ||
      frame.heightPx > image.chunkHeightPx
    )
      throw new RangeError(`JPEG of ${frame.widthPx} x ${frame.heightPx} pixels`);
    const pixels = await decodePicture(bytes, frame);
    return pixels.subarray(0, 3 * size.widthPx * size.heightPx);
  }
  if (compression === 50001) return decodePicture(planes[0]!, size);
  const raw: Uint8Array[] = [];
  for (const plane of planes) raw.push(await decodeSamples(image, plane, size));
  return samplesToRgb(image, raw, size.widthPx * size.heightPx, tables.palette);
}

/** A complete JPEG or WebP picture of known size. */
async function decodePicture(bytes: Uint8Array, size: ChunkSize): Promise<Uint8Array> {
  const { data, info } = await sharp(bytes, {
    failOn: 'error',
    limitInputPixels: size.widthPx * size.heightPx,
    ignoreIcc: true,
  })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== size.widthPx || info.height !== size.heightPx || (info.channels as number) !== 3)
    throw new RangeError(`a picture of ${info.width} x ${info.height} pixels, ${info.channels} channels`);
  return data;
}

/** One plane or all samples side by side, as 8-bit samples. */
async function decodeSamples(image: TiffImage, data: Uint8Array, size: ChunkSize): Promise<Uint8Array> {
  const { little } = image.directory;
  const samples = image.planar ? 1 : image.samples;
  const rowBytes = size.widthPx * samples * (image.bits / 8);
  const length = rowBytes * size.heightPx;
  const bytes = await decompress(image.compression, data, length);
  if (image.predictor === 2) undoPredictor(bytes, { rowBytes, samples, bits: image.bits, little });
  return image.bits === 16 ? highBytes(bytes, little) : bytes;
}

async function decompress(compression: number, data: Uint8Array, length: number): Promise<Uint8Array> {
  if (compression === 5) return decodeLzw(data, length);
  if (compression === 32773) return decodePackBits(data, length);
  const bytes = compression === 1 ? data : await inflateAsync(data, { maxOutputLength: length + 65_536 });
  if (bytes.length < length) throw new RangeError(`${bytes.length} of ${length} bytes`);
  return bytes.subarray(0, length);
}
