/** What a directory says about its picture, checked so that reading it can rely on the numbers. */
import { DataError } from '../../errors.ts';
import type { Directory } from './directory.ts';
import { COMPRESSION_NAMES, PHOTOMETRIC, TAG } from './tags.ts';

/** Largest picture side; wider than any slide and safe for all sums below. */
const MAX_SIDE_PX = 2 ** 24;
/** Most bytes that one tile or strip may decode to. */
const MAX_CHUNK_BYTES = 256 * 2 ** 20;

/** Picture of one directory. A chunk is a tile or a strip; strips are tiles as wide as the picture. */
export interface TiffImage {
  /** Name used in messages. */
  readonly path: string;
  readonly directory: Directory;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly tiled: boolean;
  readonly chunkWidthPx: number;
  readonly chunkHeightPx: number;
  readonly compression: number;
  readonly photometric: number;
  readonly bits: number;
  readonly samples: number;
  /** Samples lie in planes of their own, each with its own chunks. */
  readonly planar: boolean;
  readonly predictor: number;
  /** Meaning of the sample after the colours: 1 and 2 are transparency, 0 is unknown. */
  readonly extraSample: number | undefined;
  readonly sampleFormat: number;
  readonly fillOrder: number;
  readonly subfileType: number;
  readonly description: string;
}

/** Chunks across and down. */
export function chunkGrid(image: TiffImage): { across: number; down: number } {
  return {
    across: Math.ceil(image.widthPx / image.chunkWidthPx),
    down: Math.ceil(image.heightPx / image.chunkHeightPx),
  };
}

/**
 * Reads the facts of a directory; the pixels are not touched.
 *
 * @throws DataError if sizes are absent or impossible.
 */
export async function readTiffImage(path: string, directory: Directory): Promise<TiffImage> {
  const widthPx = await directory.number(TAG.imageWidth, 0);
  const heightPx = await directory.number(TAG.imageLength, 0);
  const tiled = directory.has(TAG.tileWidth);
  const rows = await directory.number(TAG.rowsPerStrip, heightPx);
  const bits = await directory.numbers(TAG.bitsPerSample);
  const image: TiffImage = {
    path,
    directory,
    widthPx,
    heightPx,
    tiled,
    chunkWidthPx: tiled ? await directory.number(TAG.tileWidth, 0) : widthPx,
    chunkHeightPx: tiled ? await directory.number(TAG.tileLength, 0) : Math.min(rows, heightPx),
    compression: await directory.number(TAG.compression, 1),
    photometric: await directory.number(TAG.photometric, PHOTOMETRIC.blackIsZero),
    bits: bits === undefined ? 1 : bits.every((b) => b === bits[0]) ? bits[0]! : 0,
    samples: await directory.number(TAG.samplesPerPixel, 1),
    planar: (await directory.number(TAG.planarConfiguration, 1)) === 2,
    predictor: await directory.number(TAG.predictor, 1),
    extraSample: await directory.number(TAG.extraSamples, undefined),
    sampleFormat: await directory.number(TAG.sampleFormat, 1),
    fillOrder: await directory.number(TAG.fillOrder, 1),
    subfileType: await directory.number(TAG.newSubfileType, 0),
    description: (await directory.text(TAG.imageDescription)) ?? '',
  };
  checkSizes(image);
  return image;
}

function checkSizes(image: TiffImage): void {
  const { widthPx, heightPx, chunkWidthPx, chunkHeightPx } = image;
  const whole = (value: number) => Number.isInteger(value) && value >= 1 && value <= MAX_SIDE_PX;
  if ([widthPx, heightPx, chunkWidthPx, chunkHeightPx].every(whole)) return;
  throw new DataError('openSlide', {
    need: `picture and tile sides from 1 to ${MAX_SIDE_PX} pixels in ${image.path}`,
    found: `${widthPx} x ${heightPx} pixels in tiles of ${chunkWidthPx} x ${chunkHeightPx}`,
    next: 'the file is damaged; copy it again',
  });
}

/** Why the built-in reader cannot decode a picture, or undefined where it can. */
export function decodeProblem(image: TiffImage): string | undefined {
  const { compression, photometric, bits, samples, predictor } = image;
  const name = COMPRESSION_NAMES[compression] ?? `unknown (${compression})`;
  const jpeg = compression === 7;
  const webp = compression === 50001;
  if (![1, 5, 7, 8, 32773, 32946, 50001].includes(compression)) return `${name} compression`;
  if (image.fillOrder !== 1) return `bit order ${image.fillOrder}`;
  if (image.sampleFormat !== 1) return 'samples that are no unsigned integers';
  if (bits !== 8 && (bits !== 16 || jpeg || webp)) return `${bits === 0 ? 'unequal' : bits} bits per sample`;
  if (!(predictor === 1 || (predictor === 2 && !jpeg && !webp))) return `predictor ${predictor}`;
  const colours = coloursOf(photometric);
  if (colours === 0 || (photometric === PHOTOMETRIC.yCbCr && !jpeg))
    return `photometric interpretation ${photometric}`;
  if (photometric === PHOTOMETRIC.palette && bits !== 8) return `a palette with ${bits} bits`;
  if (samples < colours || samples > 5) return `${samples} samples per pixel`;
  if ((jpeg || webp) && (samples === 2 || samples > 3)) return `${name} with ${samples} samples per pixel`;
  if (image.planar && (jpeg || webp) && samples > 1) return `${name} in separate planes`;
  const chunkBytes = image.chunkWidthPx * image.chunkHeightPx * samples * (bits / 8);
  // Uncompressed strips are read row by row.
  if (chunkBytes > MAX_CHUNK_BYTES && !(compression === 1 && !image.tiled))
    return `tiles or strips of ${Math.round(chunkBytes / 2 ** 20)} MB`;
  return undefined;
}

/** Colour samples of a pixel; 0 for a photometric interpretation that is not understood. */
export function coloursOf(photometric: number): number {
  if (photometric === PHOTOMETRIC.rgb || photometric === PHOTOMETRIC.yCbCr) return 3;
  const single = [PHOTOMETRIC.whiteIsZero, PHOTOMETRIC.blackIsZero, PHOTOMETRIC.palette] as number[];
  return single.includes(photometric) ? 1 : 0;
}
