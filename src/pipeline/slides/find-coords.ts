/** Coordinates that CLAM, TRIDENT or `tile` made earlier, found by the name of the slide. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../errors.ts';

/**
 * The file of a slide's coordinates in `folder` or its subfolder `patches`: `<id>.h5` (CLAM and this package) or
 * `<id>_patches.h5` (TRIDENT).
 *
 * @throws DataError if there is none.
 */
export async function findCoords(folder: string, id: string): Promise<string> {
  const names = [`${id}.h5`, `${id}_patches.h5`];
  const candidates = [folder, join(folder, 'patches')].flatMap((place) =>
    names.map((name) => join(place, name)),
  );
  for (const path of candidates) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return path;
  }
  throw new DataError('embed', {
    need: `coordinates of ${id} (${names.join(' or ')}) in ${folder}`,
    found: 'none there, and none in its subfolder patches',
    next: 'name the folder that holds them, or leave --coords out to find tissue and patches now',
  });
}
