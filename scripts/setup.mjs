#!/usr/bin/env node
/**
 * Makes a fresh checkout runnable: system packages, npm packages, native addon, TypeScript, the
 * viewer's page. Every step is skipped
 * when there is nothing to do, so that commands can begin with it. Uses nothing but Node.js itself.
 *
 *   node scripts/setup.mjs          for users
 *   node scripts/setup.mjs --dev    also makes sure of linter and test runner
 *
 * MVHYBRID_LIBTORCH  a libtorch folder; then Debian's libtorch-dev is not installed
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTypescript } from './lib/build-typescript.mjs';
import { buildWeb } from './lib/build-web.mjs';
import { installNpmPackages } from './lib/install-npm-packages.mjs';
import { installSystemPackages } from './lib/install-system-packages.mjs';
import { takeLock } from './lib/lock.mjs';
import { nodeProblem } from './lib/node-version.mjs';
import { runTool } from './lib/run-tool.mjs';
import { SetupError } from './lib/setup-error.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function say(line) {
  process.stderr.write(`${line}\n`);
}

/** The build script explains its own failures; its words are the message. */
function buildNative() {
  const { ok, how, output } = runTool([process.execPath, join(root, 'scripts', 'build-native.mjs')], {
    cwd: root,
  });
  if (!ok) throw new SetupError(output.trim() || `native build: needed it to succeed, found ${how}`);
  return 'built';
}

function parseArguments(args) {
  const unknown = args.find((arg) => arg !== '--dev');
  if (unknown !== undefined) {
    throw new SetupError(
      `set-up: needed no option or --dev, found ${unknown}; run node scripts/setup.mjs [--dev]`,
    );
  }
  return { dev: args.includes('--dev') };
}

/** Runs one step and prints one line about it: name, what was done, seconds. */
function step(name, work) {
  const start = performance.now();
  const outcome = work();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`set-up: ${name.padEnd(15)} ${outcome}, ${seconds} s`);
}

async function main() {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) throw new SetupError(problem);
  const { dev } = parseArguments(process.argv.slice(2));
  const release = await takeLock(join(root, 'build', 'setup.lock'), {
    onWait: (owner) => say(`set-up: waiting for the set-up of process ${owner.split(' ')[0]}`),
  });
  try {
    step('system packages', installSystemPackages);
    step('npm packages', () => installNpmPackages(root, dev));
    step('native addon', buildNative);
    step('TypeScript', () => buildTypescript(root));
    step('viewer page', () => buildWeb(root));
  } finally {
    release();
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof SetupError) say(error.log ? `${error.message}\n${error.log}` : error.message);
  else say(`set-up: needed every step to succeed, found ${error.message}`);
  process.exitCode = 1;
}
