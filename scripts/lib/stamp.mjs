/** Stamps: a step is skipped while the digest of what went into it is the one stored after it last succeeded. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** All files below a folder, as sorted paths relative to it. */
export function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath || entry.path, entry.name).slice(folder.length + 1))
    .sort();
}

/** SHA-256 over names and contents; an absent file counts as absent, not as empty. */
export function digestFiles(root, names, extra = '') {
  const hash = createHash('sha256').update(`${extra}\n`);
  for (const name of names) {
    let content = null;
    try {
      content = readFileSync(join(root, name));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    hash.update(`${name}\n${content === null ? 'absent' : content.length}\n`);
    if (content !== null) hash.update(content);
  }
  return hash.digest('hex');
}

/** True when the stamp file holds this digest. */
export function stampMatches(path, digest) {
  try {
    return readFileSync(path, 'utf8').trim() === digest;
  } catch {
    return false;
  }
}

/** Stores the digest; call it after the step succeeded. */
export function writeStamp(path, digest) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${digest}\n`);
}

/** Removes the stamp before a step begins, so that an interrupted step is not taken for a finished one. */
export function clearStamp(path) {
  rmSync(path, { force: true });
}

/** Modification time in ms, or undefined for an absent file. */
export function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
