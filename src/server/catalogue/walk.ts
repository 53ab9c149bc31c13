/** Everything in a folder, bounded in depth and number; symbolic links that leave it are not followed. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isInside } from '../security/inside.ts';

export interface FoundFile {
  /** From the served folder, with `/`. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface Problem {
  readonly path: string;
  readonly message: string;
}

export interface Listing {
  /** The walked folder, a real path. */
  readonly root: string;
  readonly files: readonly FoundFile[];
  /** Names in every folder; the key of the root is empty. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

export interface WalkLimits {
  /** Default 8 folders below the root. */
  readonly depth?: number;
  /** Default 50,000 entries. */
  readonly entries?: number;
}

/** Unfinished work, and folders of other programs. */
const SKIPPED = /^\.|^node_modules$|^state$|\.parts$|\.tmp$|\.lock$/;

export async function walk(root: string, limits: WalkLimits = {}): Promise<Listing> {
  const { depth: deepest = 8, entries: most = 50_000 } = limits;
  const files: FoundFile[] = [];
  const folders = new Map<string, readonly string[]>();
  const problems: Problem[] = [];
  let count = 0;
  let isFull = false;

  const add = async (absolute: string, path: string) => {
    const info = await stat(absolute).catch(() => undefined);
    if (info?.isFile()) files.push({ path, absolute, size: info.size, mtimeMs: info.mtimeMs });
  };
  const link = async (absolute: string, path: string): Promise<boolean> => {
    const real = await realpath(absolute).catch(() => undefined);
    if (real !== undefined && isInside(root, real)) {
      // Folders are met at their own place; following them here could go round in circles.
      await add(absolute, path);
      return true;
    }
    problems.push({
      path,
      message: 'This link leads out of the served folder (or nowhere) and is not followed.',
    });
    return false;
  };
  const visit = async (absolute: string, path: string, depth: number): Promise<void> => {
    const listed = await readdir(absolute, { withFileTypes: true }).catch(() => undefined);
    if (listed === undefined) {
      problems.push({ path, message: 'This folder cannot be read; check its permissions.' });
      return;
    }
    const names: string[] = [];
    for (const entry of listed.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (SKIPPED.test(entry.name)) continue;
      if (++count > most) {
        isFull = true;
        break;
      }
      const child = path === '' ? entry.name : `${path}/${entry.name}`;
      const place = join(absolute, entry.name);
      if (entry.isSymbolicLink()) {
        if (await link(place, child)) names.push(entry.name);
        continue;
      }
      names.push(entry.name);
      if (entry.isFile()) await add(place, child);
      else if (entry.isDirectory()) {
        if (depth < deepest) await visit(place, child, depth + 1);
        else problems.push({ path: child, message: `Folders deeper than ${deepest} are not searched.` });
      }
    }
    folders.set(path, names);
  };
  await visit(root, '', 1);
  if (isFull) {
    const message = `Only the first ${most} entries were looked at; serve a smaller folder.`;
    problems.push({ path: basename(root), message });
  }
  return { root, files, folders, problems };
}
