/** Finding the image that a section's spots refer to. */
import { join } from 'node:path';
import { DataError, UsageError } from '../errors.ts';
import { nameSome } from './names.ts';
import { listFolder, pathKind } from './paths.ts';

const IMAGE = /\.(tiff?|btf|svs|ndpi|scn|mrxs|bif|jpe?g|png)$/i;

/**
 * Space Ranger's own pictures. They are scaled down or drawn over, so the spots' pixels are not theirs.
 */
const DERIVED =
  /^(tissue_(hires|lowres)_image|aligned_(fiducials|tissue_image)|detected_tissue_image|cytassist_image)\./i;

/**
 * The image given, else the only full-resolution image in the first of `folders` that has one.
 *
 * @throws UsageError when the image given does not exist.
 * @throws DataError when there is none, or several to choose from.
 */
export async function findImage(
  given: string | undefined,
  folders: readonly string[],
  operation: string,
): Promise<string> {
  if (given !== undefined) {
    if ((await pathKind(given)) === 'file') return given;
    throw new UsageError(operation, {
      need: 'the image given',
      found: `nothing at ${given}`,
      next: 'check the path',
    });
  }
  for (const folder of folders) {
    const images = (await listFolder(folder)).filter((name) => IMAGE.test(name) && !DERIVED.test(name));
    if (images.length === 1) return join(folder, images[0]!);
    if (images.length > 1) {
      throw new DataError(operation, {
        need: 'one full-resolution image',
        found: `${images.length} (${nameSome(images)}) in ${folder}`,
        next: 'name the one that the spots refer to',
      });
    }
  }
  throw new DataError(operation, {
    need: 'the full-resolution image that the spots refer to',
    found: `none in ${folders.join(' or ')}`,
    next: 'copy it there or name it',
  });
}
