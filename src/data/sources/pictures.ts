/** A folder of picture files, each one patch. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { DataError, UsageError } from '../../errors.ts';
import type { RgbImage } from '../pixels/rgb-image.ts';
import type { PatchSet, PictureListing } from './patch-set.ts';

const ENDINGS = new Set(['.png', '.jpg', '.jpeg', '.tif', '.tiff']);

/** 4096 x 4096: more is a slide, not a patch. */
const MAX_PATCH_PIXELS = 16_777_216;

/**
 * Lists the PNG, JPEG and TIFF files of a folder and the folders below it, sorted by path (UTF-16 code units). Names
 * that begin with a dot are left out; links are followed.
 *
 * @throws UsageError when the folder does not exist or holds no picture.
 */
export async function listPictures(folder: string): Promise<PictureListing> {
  const info = await stat(folder).catch(() => undefined);
  if (!info?.isDirectory()) {
    throw new UsageError('listPictures', {
      need: 'a folder of patches',
      found: `no folder at ${folder}`,
      next: 'check the path',
    });
  }
  const names: string[] = [];
  await collect(folder, '', new Set(), names);
  if (names.length === 0) {
    throw new UsageError('listPictures', {
      need: 'PNG, JPEG or TIFF files',
      found: `none in ${folder} or below`,
      next: 'cut the slides into patches first',
    });
  }
  return { kind: 'pictures', folder, names: names.sort() };
}

async function collect(root: string, below: string, seen: Set<string>, names: string[]): Promise<void> {
  const folder = join(root, below);
  const real = await realpath(folder);
  if (seen.has(real)) return; // a link that leads back
  seen.add(real);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? await stat(join(root, name)).catch(() => undefined) : entry;
    if (kind?.isDirectory()) await collect(root, name, seen, names);
    else if (kind?.isFile() && ENDINGS.has(extname(entry.name).toLowerCase())) names.push(name);
  }
}

/** The patches of {@link listPictures}. */
export function openPictures({ folder, names }: PictureListing): PatchSet {
  return {
    count: names.length,
    id: (index) => names[index]!,
    read: (index) => decodePicture(join(folder, names[index]!)),
    close: async () => {},
  };
}

/**
 * Decodes a picture to RGB8 as stored: grey is repeated, 16 bit keeps the high byte, transparency is dropped, colour
 * profiles and EXIF rotation are ignored.
 *
 * @throws DataError when it cannot be decoded or has more than 16.8 megapixels.
 */
export async function decodePicture(path: string): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(path, {
      failOn: 'error',
      ignoreIcc: true,
      limitInputPixels: MAX_PATCH_PIXELS,
    })
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels === 3) return { pixels: data, widthPx: info.width, heightPx: info.height };
    throw new Error(`${info.channels} channels`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n')[0] : String(cause);
    throw new DataError('read patch', {
      need: 'a readable PNG, JPEG or TIFF patch',
      found: `${path} (${reason})`,
      next: 'remove or replace it',
      cause,
    });
  }
}
