/** Looking for files; a path that the caller names and that is absent is a usage error. */
import { readdir, stat } from 'node:fs/promises';
import { UsageError } from '../errors.ts';

/** 'file', 'folder' or undefined when nothing is there. */
export async function pathKind(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}

async function requireKind(
  kind: 'file' | 'folder',
  path: string,
  operation: string,
  need: string,
): Promise<void> {
  const found = await pathKind(path);
  if (found === kind) return;
  throw new UsageError(operation, {
    need,
    found: found === undefined ? `nothing at ${path}` : `a ${found} at ${path}`,
    next: 'check the path',
  });
}

/** @throws UsageError unless a file lies there; `need` says what it should be. */
export async function requireFile(path: string, operation: string, need: string): Promise<void> {
  await requireKind('file', path, operation, need);
}

/** @throws UsageError unless a folder lies there; `need` says what it should be. */
export async function requireFolder(path: string, operation: string, need: string): Promise<void> {
  await requireKind('folder', path, operation, need);
}

/** Names in a folder, sorted; empty when there is no such folder. Hidden files are left out. */
export async function listFolder(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => [] as string[]);
  return names.filter((name) => !name.startsWith('.')).sort();
}
