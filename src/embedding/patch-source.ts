/** Where patches to embed come from: spots of a section, or a folder of pictures. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import sharp, { type OutputInfo } from 'sharp';
import { DataError, ShapeError, UsageError } from '../errors.ts';
import { checkSpotsInside, openImage, patchGeometry, patchRegion, readPatches } from '../slide/index.ts';
import type { Section } from '../spatial/index.ts';

/** A row of the result: its name and, for spots, the top left corner of its patch in level-0 pixels. */
export interface PatchRow {
  readonly barcode: string;
  readonly x: number;
  readonly y: number;
}

/** An ordered list of square patches of one size. */
export interface PatchSource {
  readonly id: string;
  readonly rows: readonly PatchRow[];
  /** Everything the pixels depend on, for telling whether saved work still fits. */
  readonly fingerprint: Readonly<Record<string, string | number>>;
  /** Patches `from` up to the end, RGB8 [sizePx, sizePx, 3], in order; reads ahead. */
  read(from: number): AsyncGenerator<Uint8Array, void, undefined>;
}

/** Name, size and time of a file, for fingerprints. */
export async function fileStamp(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${basename(path)} ${size} bytes ${Math.round(mtimeMs)}`;
}

export interface SectionPatchOptions {
  /** Physical side of a patch in micrometres. */
  readonly patchUm: number;
  /** Side of the encoder's input. */
  readonly sizePx: number;
}

/**
 * One patch per spot of a section.
 *
 * @throws DataError when the image cannot be read or a spot lies outside it.
 */
export async function sectionPatches(section: Section, options: SectionPatchOptions): Promise<PatchSource> {
  const geometry = patchGeometry({ ...options, mpp: section.mpp });
  return {
    id: section.id,
    rows: section.spots.map((spot) => {
      const { x, y } = patchRegion(geometry, spot);
      return { barcode: spot.barcode, x, y };
    }),
    fingerprint: {
      image: await fileStamp(section.imagePath),
      mpp: section.mpp,
      patchUm: options.patchUm,
      sizePx: options.sizePx,
    },
    async *read(from) {
      const image = await openImage(section.imagePath);
      try {
        checkSpotsInside(section.spots, image);
        for await (const { pixels } of readPatches(image, section.spots.slice(from), geometry)) yield pixels;
      } finally {
        await image.close();
      }
    },
  };
}

const PICTURES = new Set(['.png', '.jpg', '.jpeg', '.tif', '.tiff']);

async function decodeSquare(path: string, sizePx: number): Promise<Uint8Array> {
  let picture: { data: Buffer; info: OutputInfo };
  try {
    picture = await sharp(path)
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
  } catch (cause) {
    const found = `${path}: ${(cause as Error).message.split('\n')[0]}`;
    throw new DataError('read patch', {
      need: 'a readable picture',
      found,
      next: 'remove or replace it',
      cause,
    });
  }
  const { width, height, channels } = picture.info;
  if (width !== sizePx || height !== sizePx || channels !== 3) {
    throw new ShapeError('read patch', {
      need: `${sizePx} x ${sizePx} RGB pixels`,
      found: `${width} x ${height} with ${channels} channel${channels === 1 ? '' : 's'} in ${path}`,
      next: 'give the size of the pictures with --size',
    });
  }
  return picture.data;
}

/**
 * All pictures directly in a folder, in name order; each must be `sizePx` square.
 *
 * @throws UsageError when the folder does not exist or holds none.
 */
export async function folderPatches(folder: string, sizePx: number): Promise<PatchSource> {
  const entries = await readdir(folder).catch((cause) => {
    throw new UsageError('embed', {
      need: 'a folder of pictures',
      found: `no readable folder ${folder}`,
      cause,
    });
  });
  const names = entries.filter((name) => PICTURES.has(extname(name).toLowerCase())).sort();
  if (names.length === 0) {
    throw new UsageError('embed', { need: 'PNG, JPEG or TIFF pictures', found: `none in ${folder}` });
  }
  return {
    id: basename(folder),
    rows: names.map((barcode) => ({ barcode, x: 0, y: 0 })),
    fingerprint: { first: names[0]!, last: names.at(-1)!, pictures: names.length, sizePx },
    async *read(from) {
      const ahead: Promise<Uint8Array>[] = [];
      try {
        for (let i = from; i < names.length; i++) {
          for (let next = i + ahead.length; ahead.length < 8 && next < names.length; next++) {
            const reading = decodeSquare(join(folder, names[next]!), sizePx);
            // Thrown when its turn comes; until then it must not count as unhandled.
            reading.catch(() => undefined);
            ahead.push(reading);
          }
          yield await ahead.shift()!;
        }
      } finally {
        await Promise.allSettled(ahead);
      }
    },
  };
}
