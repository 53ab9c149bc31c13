/** The set-up step that bundles the viewer's page into dist/web. It comes after TypeScript, which replaces dist. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from './run-tool.mjs';
import { digestFiles, filesBelow, stampMatches, writeStamp } from './stamp.mjs';

const CONFIG = ['package-lock.json', 'tsconfig.json'];

/** Bundles when anything below web or the contract has changed; returns a word on what was done. */
export function buildWeb(root) {
  const sources = ['web', 'src/contract'].flatMap((folder) =>
    filesBelow(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  const digest = digestFiles(root, [...CONFIG, ...sources]);
  const target = join(root, 'dist', 'web');
  if (stampMatches(join(target, '.stamp'), digest)) return 'up to date';
  const fresh = join(root, `dist.web.${process.pid}.tmp`);
  rmSync(fresh, { recursive: true, force: true });
  try {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    requireTool(
      'page of the viewer',
      [process.execPath, vite, 'build', '-c', 'web/vite.config.ts', '--outDir', fresh],
      { cwd: root, next: 'correct the errors below' },
    );
    writeStamp(join(fresh, '.stamp'), digest);
    if (existsSync(target)) rmSync(target, { recursive: true });
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return `bundled ${sources.length} files`;
}
