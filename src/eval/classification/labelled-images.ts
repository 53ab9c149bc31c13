/** Lists of labelled pictures, from whatever a data set's folder looks like. */
import { join } from 'node:path';
import { DataError } from '../../errors.ts';
import { listFolder, pathKind, requireFolder } from '../../spatial/paths.ts';

export interface LabelledImage {
  readonly path: string;
  readonly label: string;
  /** Undefined where the data set does not tell. */
  readonly patient: string | undefined;
  /** The data set's own division, e.g. `train` and `test`; undefined where it has none. */
  readonly split: string | undefined;
}

export interface LabelledImages {
  readonly name: string;
  /** In the order of the class indices. */
  readonly classes: readonly string[];
  readonly images: readonly LabelledImage[];
  /** What a reader of results must know about this set. */
  readonly notes: readonly string[];
}

/** Ends as a picture file does. */
const PICTURE = /\.(tiff?|png|jpe?g)$/i;

/** Picture files of a folder, sorted by name. */
export async function pictureNames(folder: string): Promise<string[]> {
  return (await listFolder(folder)).filter((name) => PICTURE.test(name));
}

/**
 * Refuses a list that names pictures which are not there.
 *
 * @throws DataError with the first few missing names.
 */
export function requireImages(
  operation: string,
  wanted: readonly string[],
  present: ReadonlySet<string>,
): void {
  const missing = wanted.filter((name) => !present.has(name));
  if (missing.length === 0) return;
  throw new DataError(operation, {
    need: `all ${wanted.length} pictures of the list`,
    found: `${missing.length} missing, e.g. ${missing.slice(0, 3).join(', ')}`,
    next: 'unpack the whole archive',
  });
}

/**
 * Reads one sub-folder per class.
 *
 * @param classes sub-folders to read, in the order of the class indices; default: all that hold pictures.
 * @throws UsageError when the folder does not exist; DataError for a class without pictures or no class at all.
 */
export async function readClassFolders(
  folder: string,
  {
    classes,
    split,
    operation = 'readClassFolders',
  }: { classes?: readonly string[]; split?: string; operation?: string } = {},
): Promise<LabelledImages> {
  await requireFolder(folder, operation, 'a folder with one sub-folder per class');
  const names = classes ?? (await foldersWithPictures(folder));
  const images: LabelledImage[] = [];
  for (const label of names) {
    const files = await pictureNames(join(folder, label));
    if (files.length === 0) {
      throw new DataError(operation, {
        need: `pictures in the sub-folder ${label}`,
        found: `none in ${join(folder, label)}`,
        next: `expected sub-folders: ${names.join(', ')}`,
      });
    }
    images.push(
      ...files.map((file) => ({ path: join(folder, label, file), label, patient: undefined, split })),
    );
  }
  if (images.length === 0) {
    throw new DataError(operation, {
      need: 'at least one sub-folder with pictures',
      found: `none in ${folder}`,
    });
  }
  return { name: folder, classes: names, images, notes: [] };
}

async function foldersWithPictures(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await listFolder(folder)) {
    const path = join(folder, name);
    if ((await pathKind(path)) === 'folder' && (await pictureNames(path)).length > 0) found.push(name);
  }
  return found;
}
