/** The set-up step that compiles src into dist. A new dist replaces the old one whole; nothing stale stays in it. */
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from './run-tool.mjs';
import { digestFiles, filesBelow, stampMatches, writeStamp } from './stamp.mjs';

const CONFIG = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** Files of src that the compiler does not take along (pages, style sheets, tables). */
export function assetsOf(sources) {
  return sources.filter((name) => !name.endsWith('.ts'));
}

/** Puts the finished folder in the place of the old one. The viewer's page in it has its own step and stays. */
export function replaceFolder(fresh, target) {
  const page = join(target, 'web');
  if (existsSync(page)) renameSync(page, join(fresh, 'web'));
  const old = `${target}.old.${process.pid}.tmp`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

/** Compiles when anything below src or the settings have changed; returns a word on what was done. */
export function buildTypescript(root) {
  const sources = filesBelow(join(root, 'src'));
  const digest = digestFiles(root, [...CONFIG, ...sources.map((name) => `src/${name}`)]);
  const dist = join(root, 'dist');
  if (stampMatches(join(dist, '.stamp'), digest)) return 'up to date';
  // Beside dist, not deeper: source maps hold relative paths.
  const fresh = join(root, `dist.${process.pid}.tmp`);
  rmSync(fresh, { recursive: true, force: true });
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    requireTool('TypeScript build', [process.execPath, tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], {
      cwd: root,
      next: 'correct the errors below',
    });
    for (const name of assetsOf(sources)) cpSync(join(root, 'src', name), join(fresh, name));
    writeStamp(join(fresh, '.stamp'), digest);
    replaceFolder(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return `compiled ${sources.length} files`;
}
