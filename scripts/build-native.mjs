/**
 * Builds the native addon with CMake into native/build. Incremental: with nothing changed it ends in a moment.
 *
 * MVHYBRID_LIBTORCH  a libtorch folder (holding include/ and lib/); default: the system package
 * MVHYBRID_MARCH     the -march value; default `native` (the machine that builds is the machine that runs)
 * MVHYBRID_BUILD     where to build; default native/build (then MVHYBRID_ADDON tells the package where the addon is)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = join(dirname(fileURLToPath(import.meta.url)), '..', 'native');
const build = process.env.MVHYBRID_BUILD ?? join(native, 'build');

const REMEDIES = `native build: needed libtorch (1.13 or 2.x), found none; do one of these and build again:
  - Debian or Ubuntu:  apt-get install g++ cmake libtorch-dev libopenblas-dev libdnnl-dev libgloo-dev
  - the official archive (pytorch.org, "LibTorch", cxx11 ABI): unpack it, then export MVHYBRID_LIBTORCH=/path/to/libtorch
  - an installed PyTorch:  export MVHYBRID_LIBTORCH="$(python3 -c 'import torch, os; print(os.path.dirname(torch.__file__))')"`;

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (result.error?.code === 'ENOENT')
    fail(
      `native build: needed the program ${command}, found none; install it (Debian: apt-get install g++ cmake make)`,
    );
  return result;
}

function nodeApiInclude() {
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch {
    return fail('native build: needed the npm package node-api-headers, found none; run `npm ci` first');
  }
}

/** A cache made for another libtorch or another checkout path must not be reused; a built addon stays until replaced. */
function dropForeignCache(root) {
  const cache = join(build, 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const text = readFileSync(cache, 'utf8');
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(text)?.[1];
  const before = /^MVHYBRID_LIBTORCH:[A-Z]+=(.*)$/m.exec(text)?.[1] ?? '';
  if (home === native && before === root) return;
  rmSync(cache);
  rmSync(join(build, 'CMakeFiles'), { recursive: true, force: true });
}

const root = process.env.MVHYBRID_LIBTORCH ?? '';
dropForeignCache(root);
mkdirSync(build, { recursive: true });
const configure = run('cmake', [
  '-S',
  native,
  '-B',
  build,
  '-DCMAKE_BUILD_TYPE=Release',
  `-DMVHYBRID_LIBTORCH=${root}`,
  `-DMVHYBRID_MARCH=${process.env.MVHYBRID_MARCH ?? 'native'}`,
  `-DNODE_API_INCLUDE=${nodeApiInclude()}`,
]);
if (configure.status !== 0) {
  const log = `${configure.stdout}${configure.stderr}`;
  fail(log.includes('MVHYBRID_NO_LIBTORCH') ? REMEDIES : `native build: cmake could not configure\n${log}`);
}
const made = run('cmake', ['--build', build, '--parallel', String(availableParallelism())]);
if (made.status !== 0) fail(`native build: the compiler failed\n${made.stdout}${made.stderr}`);
process.stdout.write(`native addon: ${join(build, 'mvhybrid.node')}\n`);
