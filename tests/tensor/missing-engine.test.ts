/** What a user sees where the engine is absent or unusable. Each case runs in this file's own process. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineMissingError } from '../../src/errors.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = join(root, 'native', 'build', 'mvhybrid.node');
const folder = mkdtempSync(join(tmpdir(), 'engine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every way to get an engine, as the message must tell them. */
const REMEDIES = [
  'npm run build',
  'apt-get install g++ cmake libtorch-dev libopenblas-dev libdnnl-dev',
  'MVHYBRID_LIBTORCH',
  'libtorch archive',
  'PyTorch',
];

/** The error of the first operation with this addon. */
async function firstError(addon: string): Promise<Error> {
  process.env.MVHYBRID_ADDON = addon;
  vi.resetModules();
  const { tensor } = await import('../../src/tensor/index.ts');
  try {
    tensor(new Float32Array(1), [1]);
  } catch (error) {
    return error as Error;
  }
  throw new Error('the engine loaded');
}

describe('without an addon', () => {
  let before: string | undefined;
  beforeEach(() => {
    before = process.env.MVHYBRID_ADDON;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.MVHYBRID_ADDON;
    else process.env.MVHYBRID_ADDON = before;
  });

  function expectRemedies(error: Error, found: RegExp): void {
    expect(error.name).toBe(EngineMissingError.name);
    expect((error as EngineMissingError).code).toBe('engine-missing');
    expect(error.message).toMatch(found);
    for (const remedy of REMEDIES) expect(error.message).toContain(remedy);
  }

  it('the first operation names the missing file and every remedy', async () => {
    const error = await firstError(join(folder, 'absent.node'));
    expectRemedies(error, /^engine: needed the native addon on libtorch, found no file .*absent\.node; /);
  });

  it('a file that is no addon is told with the loader reason', async () => {
    const path = join(folder, 'garbage.node');
    writeFileSync(path, 'not a library');
    const error = await firstError(path);
    expectRemedies(error, /^engine: needed a native addon that this machine can load, found .*garbage\.node/);
  });

  it('an addon whose libtorch is gone names the library', async () => {
    const path = join(folder, 'moved.node');
    copyFileSync(built, path);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('libtorch_cpu.so');
    bytes.write('libtorch_xyz.so', at);
    writeFileSync(path, bytes);
    const error = await firstError(path);
    expectRemedies(error, /found libtorch_xyz\.so[^;]*cannot open shared object file/);
  });

  it('modules load all the same: only operations need the engine', async () => {
    process.env.MVHYBRID_ADDON = join(folder, 'absent.node');
    vi.resetModules();
    const { BACKBONE_NAMES } = await import('../../src/backbones/index.ts');
    expect(BACKBONE_NAMES).toContain('mv-hybrid');
  });
});

describe('building without libtorch', () => {
  it('ends with every remedy and leaves the addon that is there alone', () => {
    const build = join(folder, 'build');
    const before = statSync(built).mtimeMs;
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'build-native.mjs')], {
      encoding: 'utf8',
      env: { ...process.env, MVHYBRID_LIBTORCH: join(folder, 'no-libtorch'), MVHYBRID_BUILD: build },
    });
    expect(status).toBe(1);
    expect(stderr).toContain('native build: needed libtorch (1.13 or 2.x), found none');
    for (const remedy of REMEDIES.slice(1).filter((text) => !text.includes('archive')))
      expect(stderr).toContain(remedy);
    expect(stderr).toContain('official archive');
    expect(existsSync(build)).toBe(true);
    expect(statSync(built).mtimeMs).toBe(before);
  });
});
