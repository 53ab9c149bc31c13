/** Which files may be read: those that lie, symbolic links resolved, in a served folder. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Refusal } from '../refusal.ts';

/** Folders below a section that are looked through before it is read. */
const SECTION_DEPTH = 4;
const MOST_ENTRIES = 20_000;

export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * The real path of something in the folder.
 *
 * @param root a folder whose own path is real.
 * @throws Refusal 404 when it is gone, 403 when it lies elsewhere.
 */
export async function realPathInside(root: string, path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw new Refusal(404, `${relative(root, path)} is no longer there.`);
  if (isInside(root, real)) return real;
  throw new Refusal(403, `${relative(root, path)} leads out of the served folder and is not read.`);
}

/**
 * Checks everything below a folder that a reader may open.
 *
 * @throws Refusal as {@link realPathInside}, and for more entries than any section has.
 */
export async function checkTreeInside(root: string, folder: string): Promise<void> {
  let seen = 0;
  const check = async (path: string, depth: number): Promise<void> => {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (++seen > MOST_ENTRIES) throw new Refusal(422, `${relative(root, folder)} holds too many files.`);
      const child = join(path, entry.name);
      if (entry.isSymbolicLink()) await realPathInside(root, child);
      else if (entry.isDirectory() && depth < SECTION_DEPTH) await check(child, depth + 1);
    }
  };
  await realPathInside(root, folder);
  if ((await lstat(folder)).isDirectory()) await check(folder, 1);
}
