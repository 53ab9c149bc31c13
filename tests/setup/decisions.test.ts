import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScript } from './scripts.ts';

interface Machine {
  libtorchFolder: string;
  installed: Set<string> | undefined;
  missingPrograms: string[];
  hasApt: boolean;
  isRoot: boolean;
  hasSudo: boolean;
}
interface SystemPackages {
  DEBIAN_PACKAGES: string[];
  installedPackages(output: string): Set<string>;
  aptCommands(missing: string[], isRoot: boolean): { update: string[]; install: string[] };
  planPackages(machine: Machine): { kind: string; note?: string; missing?: string[]; message?: string };
}
interface InstallState {
  folderExists: boolean;
  missingPrograms: string[];
  stampMatches: boolean;
  stampExists: boolean;
  installedMs: number | undefined;
  lockMs: number;
}

const { DEBIAN_PACKAGES, installedPackages, aptCommands, planPackages } =
  await loadScript<SystemPackages>('system-packages');
const { nodeProblem, compareVersions } = await loadScript<{
  nodeProblem(version: string): string | undefined;
  compareVersions(a: string, b: string): number;
}>('node-version');
const { reasonToInstall, requiredPrograms } = await loadScript<{
  reasonToInstall(state: InstallState): string | undefined;
  requiredPrograms(dev: boolean): string[];
}>('install-npm-packages');
const { assetsOf, replaceFolder } = await loadScript<{
  assetsOf(names: string[]): string[];
  replaceFolder(fresh: string, target: string): void;
}>('build-typescript');

describe('Node.js', () => {
  it('is compared by number, not by letter', () => {
    expect(compareVersions('20.10.0', '20.9.0')).toBeGreaterThan(0);
    expect(compareVersions('v20.9.0', '20.9.0')).toBe(0);
    expect([nodeProblem('20.9.0'), nodeProblem('22.1.0')]).toEqual([undefined, undefined]);
    expect(nodeProblem('20.8.1')).toBe(
      'set-up: needed Node.js 20.9.0 or newer, found 20.8.1; install Node.js 20 or 22 from nodejs.org ' +
        '(or nodesource.com for Debian and Ubuntu) and run again',
    );
    expect(nodeProblem('18.20.4')).toContain('found 18.20.4');
  });
});

describe('system packages', () => {
  const debian: Machine = {
    libtorchFolder: '',
    installed: new Set(DEBIAN_PACKAGES),
    missingPrograms: [],
    hasApt: true,
    isRoot: true,
    hasSudo: false,
  };
  const bare = { ...debian, installed: new Set(['make']) };

  it('reads dpkg-query: removed packages with configuration left are absent', () => {
    const output =
      'g++ installed\nlibtorch-dev config-files\nmake installed\ndpkg-query: no packages found matching cmake\n';
    expect([...installedPackages(output)]).toEqual(['g++', 'make']);
  });

  it('installs the missing ones only', () => {
    expect(planPackages(debian)).toEqual({ kind: 'nothing', note: 'present' });
    expect(planPackages(bare)).toEqual({
      kind: 'install',
      missing: ['g++', 'cmake', 'libtorch-dev', 'libopenblas-dev', 'libdnnl-dev', 'libgloo-dev'],
    });
    expect(planPackages({ ...bare, isRoot: false, hasSudo: true }).kind).toBe('install');
  });

  it('leaves libtorch-dev out when the user names a libtorch', () => {
    const machine = { ...debian, libtorchFolder: 'libtorch', installed: new Set(['g++', 'cmake', 'make']) };
    expect(planPackages(machine).missing).toEqual(['libopenblas-dev', 'libdnnl-dev', 'libgloo-dev']);
  });

  it('says what to install without root and sudo, or without apt-get', () => {
    const { kind, message } = planPackages({ ...bare, isRoot: false });
    expect(kind).toBe('by-hand');
    expect(message).toMatch(
      /^system packages: needed g\+\+ cmake libtorch-dev libopenblas-dev libdnnl-dev libgloo-dev, found neither root rights nor sudo to install them; as root, run: apt-get update && apt-get install --no-install-recommends g\+\+ cmake libtorch-dev libopenblas-dev libdnnl-dev libgloo-dev \(/,
    );
    expect(planPackages({ ...bare, hasApt: false }).message).toContain('found no apt-get to install them');
  });

  it('goes on without dpkg when compiler and libtorch are given, else names what is lacking', () => {
    const other = { ...debian, installed: undefined, hasApt: false };
    expect(planPackages({ ...other, libtorchFolder: 'libtorch' }).kind).toBe('nothing');
    expect(planPackages({ ...other, missingPrograms: ['cmake'] }).message).toContain(
      'needed cmake, libtorch, found',
    );
  });

  it('calls apt-get without questions, behind sudo when not root', () => {
    const root = aptCommands(['make'], true);
    const user = aptCommands(['make'], false);
    const options = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300'];
    expect(root.update).toEqual(['env', ...options, 'update']);
    expect(root.install).toEqual(['env', ...options, 'install', '--yes', '--no-install-recommends', 'make']);
    expect(user.install).toEqual(['sudo', ...root.install]);
  });
});

describe('npm packages', () => {
  const good: InstallState = {
    folderExists: true,
    missingPrograms: [],
    stampMatches: true,
    stampExists: true,
    installedMs: 5,
    lockMs: 9,
  };

  it.each([
    [{}, undefined],
    [{ folderExists: false }, 'node_modules is absent'],
    [{ missingPrograms: ['vitest'] }, 'vitest missing'],
    [{ stampMatches: false }, 'package-lock.json has changed'],
    [{ stampMatches: false, stampExists: false }, 'older than package-lock.json'],
    [{ stampMatches: false, stampExists: false, installedMs: undefined }, 'older than package-lock.json'],
    [{ stampMatches: false, stampExists: false, installedMs: 9 }, undefined],
  ])('with %j: %s', (change, want) => {
    expect(reasonToInstall({ ...good, ...change })).toBe(want);
  });

  it('need linter and test runner only for development', () => {
    expect([requiredPrograms(false), requiredPrograms(true)]).toEqual([
      ['tsc', 'vite'],
      ['tsc', 'vite', 'biome', 'vitest'],
    ]);
  });
});

describe('TypeScript build', () => {
  it('takes along what the compiler leaves', () => {
    expect(assetsOf(['cli/main.ts', 'server/page.html', 'types.d.ts', 'a.json'])).toEqual([
      'server/page.html',
      'a.json',
    ]);
  });

  it('replaces what it made before, and keeps the page that another step made', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mvhybrid-dist-'));
    const [fresh, target] = [join(folder, 'fresh'), join(folder, 'dist')];
    for (const made of [fresh, join(target, 'web')]) mkdirSync(made, { recursive: true });
    writeFileSync(join(fresh, 'new.js'), '');
    writeFileSync(join(target, 'stale.js'), '');
    writeFileSync(join(target, 'web', 'index.html'), '');
    replaceFolder(fresh, target);
    expect(readdirSync(folder)).toEqual(['dist']);
    expect([readdirSync(target).sort(), readdirSync(join(target, 'web'))]).toEqual([
      ['new.js', 'web'],
      ['index.html'],
    ]);
    rmSync(folder, { recursive: true });
  });
});
