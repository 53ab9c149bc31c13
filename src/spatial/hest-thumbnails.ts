/** Telling by their thumbnails whether two samples show the same tissue. */
import { join } from 'node:path';
import sharp from 'sharp';
import { DataError } from '../errors.ts';
import { listFolder } from './paths.ts';

/** 256 marks, one per cell of a 16 x 16 grid: whether it is darker than its right neighbour. */
export type ThumbnailHash = Uint8Array;

const SIDE = 16;

/** Grey levels that count as a difference; below is noise of the background and of compression. */
const STEP = 3;

/** Number of marks. */
export const THUMBNAIL_MARKS = SIDE * SIDE;

/**
 * Most marks in which two pictures of one tissue differ. Measured on seven sections of HER2ST: copies of another size and
 * compression differ in 4 to 17 marks, serial sections of one tumour in 35 or more, other patients in 114 or more.
 */
export const ALIKE_MARKS = 24;

/**
 * Marks of a picture, the same for every size and compression of it.
 *
 * @throws DataError when it cannot be decoded.
 */
export async function thumbnailHash(path: string): Promise<ThumbnailHash> {
  try {
    const grey = await sharp(path)
      .flatten({ background: '#ffffff' })
      .greyscale()
      .resize(SIDE + 1, SIDE, { fit: 'fill', kernel: 'cubic' })
      .raw()
      .toBuffer();
    return Uint8Array.from({ length: THUMBNAIL_MARKS }, (_, i) => {
      const at = Math.floor(i / SIDE) * (SIDE + 1) + (i % SIDE);
      return grey[at + 1]! - grey[at]! >= STEP ? 1 : 0;
    });
  } catch (cause) {
    throw new DataError('thumbnails', {
      need: 'a readable picture',
      found: `${path} (${(cause as Error).message.split('\n')[0]})`,
      next: 'remove or replace it',
      cause,
    });
  }
}

/** Marks in which two pictures differ. */
export function thumbnailDistance(a: ThumbnailHash, b: ThumbnailHash): number {
  return a.reduce((differing, mark, i) => differing + (mark === b[i] ? 0 : 1), 0);
}

/**
 * Hashes of the pictures in `<folder>/thumbnails` that belong to the ids: named `{id}` or `{id}_...`. Ids without a
 * picture have no entry.
 *
 * @throws DataError for a picture that cannot be decoded.
 */
export async function readThumbnailHashes(
  folder: string,
  ids: readonly string[],
): Promise<Map<string, ThumbnailHash>> {
  const names = (await listFolder(join(folder, 'thumbnails'))).filter((name) =>
    /\.(jpe?g|png|tiff?)$/i.test(name),
  );
  const hashes = new Map<string, ThumbnailHash>();
  for (const id of ids) {
    const name = names.find((one) => one.startsWith(`${id}_`) || one.startsWith(`${id}.`));
    if (name !== undefined) hashes.set(id, await thumbnailHash(join(folder, 'thumbnails', name)));
  }
  return hashes;
}
