/** The set-up step that makes node_modules equal to package-lock.json. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from './run-tool.mjs';
import { clearStamp, digestFiles, modifiedMs, stampMatches, writeStamp } from './stamp.mjs';

const STAMP = 'node_modules/.mvhybrid-stamp';

/** Programs that must be there: compiler and bundler always, linter and test runner for work on the package itself. */
export function requiredPrograms(dev) {
  return dev ? ['tsc', 'vite', 'biome', 'vitest'] : ['tsc', 'vite'];
}

/**
 * Why `npm ci` must run, or undefined when node_modules is right.
 *
 * @param {object} state
 * @param {boolean} state.folderExists
 * @param {string[]} state.missingPrograms
 * @param {boolean} state.stampMatches the stamp was written for this lock file, platform and Node.js release
 * @param {boolean} state.stampExists
 * @param {number | undefined} state.installedMs when npm last wrote node_modules
 * @param {number} state.lockMs when package-lock.json last changed
 */
export function reasonToInstall(state) {
  if (!state.folderExists) return 'node_modules is absent';
  if (state.missingPrograms.length > 0) return `${state.missingPrograms.join(', ')} missing`;
  if (state.stampMatches) return undefined;
  if (state.stampExists) return 'package-lock.json has changed';
  // Somebody ran npm by hand: believe the times.
  if (state.installedMs === undefined || state.installedMs < state.lockMs)
    return 'older than package-lock.json';
  return undefined;
}

/** Runs `npm ci` when needed and returns a word on what was done. */
export function installNpmPackages(root, dev) {
  const modules = join(root, 'node_modules');
  const stamp = join(root, STAMP);
  const platform = `${process.platform} ${process.arch} ${process.versions.modules}`;
  const digest = digestFiles(root, ['package-lock.json'], platform);
  const reason = reasonToInstall({
    folderExists: existsSync(modules),
    missingPrograms: requiredPrograms(dev).filter((name) => !existsSync(join(modules, '.bin', name))),
    stampMatches: stampMatches(stamp, digest),
    stampExists: existsSync(stamp),
    installedMs: modifiedMs(join(modules, '.package-lock.json')),
    lockMs: modifiedMs(join(root, 'package-lock.json')) ?? 0,
  });
  if (reason !== undefined) {
    clearStamp(stamp);
    // The TypeScript compiler is a development dependency, and the build needs it even where NODE_ENV=production.
    requireTool('npm packages', ['npm', 'ci', '--include=dev', '--no-audit', '--no-fund'], {
      cwd: root,
      next: 'see the output below; check the network and the npm registry settings (npm config get registry)',
    });
  }
  if (!stampMatches(stamp, digest)) writeStamp(stamp, digest);
  return reason === undefined ? 'up to date' : `installed (${reason})`;
}
