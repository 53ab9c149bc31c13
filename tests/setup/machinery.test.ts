import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadScript } from './scripts.ts';

const { lockOwner, ownerAlive, takeLock } = await loadScript<{
  lockOwner(pid?: number): string;
  ownerAlive(owner: string): boolean;
  takeLock(
    path: string,
    options?: { timeoutMs?: number; pollMs?: number; onWait?: (owner: string) => void },
  ): Promise<() => void>;
}>('lock');
const { digestFiles, filesBelow, stampMatches, writeStamp, clearStamp } = await loadScript<{
  digestFiles(root: string, names: string[], extra?: string): string;
  filesBelow(folder: string): string[];
  stampMatches(path: string, digest: string): boolean;
  writeStamp(path: string, digest: string): void;
  clearStamp(path: string): void;
}>('stamp');
const { onPath, requireTool, runTool } = await loadScript<{
  onPath(program: string, path?: string): boolean;
  runTool(command: string[]): { ok: boolean; how: string; output: string };
  requireTool(operation: string, command: string[], options: { next: string }): string;
}>('run-tool');

const folder = mkdtempSync(join(tmpdir(), 'setup-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('lock', () => {
  const path = join(folder, 'locks', 'setup.lock');
  const deadPid = spawnSync(process.execPath, ['-e', '']).pid;

  it('knows living from dead owners, also under a number used again', () => {
    expect(ownerAlive(lockOwner())).toBe(true);
    expect(ownerAlive(`${deadPid} 123`)).toBe(false);
    expect(ownerAlive(`${process.pid} 123`)).toBe(false);
    expect(['', 'x', '-1', '0 5'].map(ownerAlive)).toEqual([false, false, false, false]);
  });

  it('makes the second one wait for the first, and leaves nothing behind', async () => {
    const release = await takeLock(path);
    expect(readFileSync(path, 'utf8').trim()).toBe(lockOwner());
    const waits: string[] = [];
    let taken = false;
    const second = takeLock(path, { pollMs: 5, onWait: (owner) => waits.push(owner) }).then((free) => {
      taken = true;
      return free;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([taken, waits]).toEqual([false, [lockOwner()]]);
    release();
    (await second)();
    expect([taken, existsSync(path), filesBelow(join(folder, 'locks'))]).toEqual([true, false, []]);
  });

  it('takes over from a process that is gone', async () => {
    writeFileSync(path, `${deadPid} 123\n`);
    const release = await takeLock(path, { onWait: () => expect.unreachable() });
    expect(readFileSync(path, 'utf8').trim()).toBe(lockOwner());
    release();
  });

  it('gives up with a message that names the holder', async () => {
    const release = await takeLock(path);
    await expect(takeLock(path, { timeoutMs: 0, pollMs: 1 })).rejects.toThrow(
      `set-up: needed the lock ${path}, found it held by process ${process.pid}; wait for that set-up or end it`,
    );
    release();
  });
});

describe('stamps', () => {
  it('follow contents and names, not times', () => {
    const root = join(folder, 'src');
    mkdirSync(join(root, 'deep'), { recursive: true });
    writeFileSync(join(root, 'a.ts'), 'a');
    writeFileSync(join(root, 'deep', 'b.ts'), 'b');
    expect(filesBelow(root)).toEqual(['a.ts', 'deep/b.ts']);
    const before = digestFiles(root, filesBelow(root));
    utimesSync(join(root, 'a.ts'), 1, 1);
    expect(digestFiles(root, filesBelow(root))).toBe(before);
    expect(digestFiles(root, filesBelow(root), 'other platform')).not.toBe(before);
    expect(digestFiles(root, ['a.ts', 'deep/b.ts', 'absent'])).not.toBe(before);
    writeFileSync(join(root, 'absent'), '');
    const empty = digestFiles(root, ['absent']);
    rmSync(join(root, 'absent'));
    expect(digestFiles(root, ['absent'])).not.toBe(empty);
  });

  it('match what was written, and nothing when absent', () => {
    const stamp = join(folder, 'new', '.stamp');
    expect(stampMatches(stamp, 'abc')).toBe(false);
    writeStamp(stamp, 'abc');
    expect([stampMatches(stamp, 'abc'), stampMatches(stamp, 'abd')]).toEqual([true, false]);
    clearStamp(stamp);
    expect(stampMatches(stamp, 'abc')).toBe(false);
  });
});

describe('tools', () => {
  const node = (code: string) => [process.execPath, '-e', code];

  it('are found on the PATH', () => {
    expect(onPath('node', join(process.execPath, '..'))).toBe(true);
    expect(onPath('node', folder)).toBe(false);
  });

  it('give their output and how they failed', () => {
    expect(runTool(node('console.log(1); console.error(2)'))).toEqual({
      ok: true,
      how: '',
      output: '1\n2\n',
    });
    expect(runTool(node('process.exit(3)')).how).toBe('exit code 3');
    expect(runTool(node("process.kill(process.pid, 'SIGKILL')")).how).toBe('signal SIGKILL');
    expect(runTool([join(folder, 'no-such-program')]).how).toContain('ENOENT');
  });

  it('fail with one message that keeps their output', () => {
    const attempt = () =>
      requireTool('npm ci', node("console.log('why'); process.exit(1)"), { next: 'see below' });
    expect(attempt).toThrow(/^npm ci: needed `.*` to succeed, found exit code 1; see below$/);
    expect(attempt).toThrow(expect.objectContaining({ log: 'why' }));
  });
});

describe('setup.mjs', () => {
  it('refuses unknown options before doing anything', () => {
    const script = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
    const { status, stderr, stdout } = spawnSync(process.execPath, [script, '--devel'], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'set-up: needed no option or --dev, found --devel; run node scripts/setup.mjs [--dev]\n',
    );
  });
});
