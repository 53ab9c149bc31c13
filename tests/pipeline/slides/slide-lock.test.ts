import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { lockOwner, SlideLock, takeSlideLock } from '../../../src/pipeline/slides/slide-lock.ts';
import { temporaryFolder } from '../../slide/pictures.ts';

const file = temporaryFolder('lock');
let deadPid = 0;
beforeAll(() => {
  deadPid = spawnSync(process.execPath, ['-e', '']).pid;
});

/** A lock file of some process; the set of process numbers is copied from a lock of our own. */
async function foreignLock(path: string, change: object): Promise<void> {
  mkdirSync(file('locks'), { recursive: true });
  const own = (await takeSlideLock(file('locks/own.lock'))) as SlideLock;
  const content = JSON.parse(readFileSync(file('locks/own.lock'), 'utf8')) as object;
  await own.release();
  writeFileSync(path, JSON.stringify({ ...content, token: 'foreign', ...change }));
}

async function take(path: string, times = {}): Promise<SlideLock> {
  const lock = await takeSlideLock(path, times);
  expect(lock).toBeInstanceOf(SlideLock);
  return lock as SlideLock;
}

describe('a lock', () => {
  it('is held by one, names its owner, and is free again afterwards', async () => {
    const path = file('locks/a.lock');
    const lock = await take(path);
    expect(await takeSlideLock(path)).toMatchObject({ host: hostname(), pid: process.pid });
    lock.check();
    await lock.release();
    expect(existsSync(path)).toBe(false);
    const again = await take(path);
    again.releaseNow();
    expect(existsSync(path)).toBe(false);
  });

  it('is taken over when its process on this machine is gone, by exactly one of many', async () => {
    const path = file('locks/dead.lock');
    for (let round = 0; round < 40; round++) {
      await foreignLock(path, { pid: deadPid });
      expect(await lockOwner(path)).toBeUndefined();
      const takers = await Promise.all(Array.from({ length: 8 }, () => takeSlideLock(path)));
      const locks = takers.filter((one) => one instanceof SlideLock);
      expect(locks).toHaveLength(1);
      await locks[0]!.release();
    }
    expect(readdirSync(file('locks')).filter((name) => name.endsWith('.clear'))).toEqual([]);
  });

  it('is taken over although a process died while it cleared a stale one', async () => {
    const path = file('locks/twice.lock');
    await foreignLock(path, { pid: deadPid });
    writeFileSync(`${path}.clear`, '');
    const old = new Date(Date.now() - 61_000);
    utimesSync(`${path}.clear`, old, old);
    await (await take(path)).release();
    expect(existsSync(`${path}.clear`)).toBe(false);
  });

  it('of another machine, or of another set of process numbers, is stale only with age', async () => {
    for (const change of [
      { host: 'elsewhere', pid: deadPid },
      { space: 'pid:[1]', pid: deadPid },
    ]) {
      const path = file('locks/far.lock');
      await foreignLock(path, change);
      expect(await takeSlideLock(path)).toMatchObject({ pid: deadPid });
      const old = new Date(Date.now() - 301_000);
      utimesSync(path, old, old);
      await (await take(path)).release();
    }
  });

  it('that is still being written counts as held until it is old', async () => {
    const path = file('locks/empty.lock');
    writeFileSync(path, '');
    expect(await takeSlideLock(path)).toMatchObject({ host: 'unknown' });
    const old = new Date(Date.now() - 301_000);
    utimesSync(path, old, old);
    await (await take(path)).release();
  });

  it('is renewed while its owner lives, and its loss is noticed', async () => {
    const path = file('locks/beat.lock');
    const times = { heartbeatMs: 20, staleMs: 400 };
    const lock = await take(path, times);
    await sleep(800);
    expect(await takeSlideLock(path, times)).toMatchObject({ pid: process.pid });
    lock.check();
    await foreignLock(path, { host: 'elsewhere' });
    await sleep(200);
    expect(() => lock.check()).toThrow(/another process took it over/);
    await lock.release();
    // The new owner's lock is none of ours.
    expect(existsSync(path)).toBe(true);
  });
});
