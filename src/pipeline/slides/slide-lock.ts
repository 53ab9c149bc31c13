/**
 * Locks that let several processes, on one or more machines, share a folder of results. A lock is a file that only one
 * process can create; it names its owner, and its modification time is renewed while the owner lives. The lock of a
 * process that died is taken over.
 *
 * Two processes may both find a lock stale; see `clearStale` for how only one of them takes it over. An owner that was
 * stopped for minutes and whose lock is gone notices and gives up. Results are written whole and have the same bytes
 * whoever makes them, so that even then nothing is damaged.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError } from '../../errors.ts';

/** Who holds a lock. */
export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  /** When it was taken, ISO 8601. */
  readonly since: string;
}

interface LockContent extends LockOwner {
  /** Which set of process numbers `pid` belongs to: containers on one host have their own. */
  readonly space: string;
  readonly token: string;
}

/** How fast a lock ages, ms. */
export interface LockTimes {
  /** Time between renewals; default 15 s. */
  readonly heartbeatMs?: number;
  /** Age without renewal at which the owner counts as dead, whatever machine it is on; default 5 min. */
  readonly staleMs?: number;
}

function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** A lock that this process holds. */
export class SlideLock {
  readonly #path: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;
  #lost = false;

  constructor(path: string, token: string, heartbeatMs: number) {
    this.#path = path;
    this.#token = token;
    this.#timer = setInterval(() => void this.#renew(), heartbeatMs);
    this.#timer.unref();
  }

  /** @throws DataError once another process has taken the lock over. */
  check(): void {
    if (!this.#lost) return;
    throw new DataError('slides', {
      need: `the lock ${this.#path} to stay`,
      found: 'another process took it over, because it was not renewed for minutes',
      next: 'leave the slide to that process, or run again to see what is missing',
    });
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    const now = await readLock(this.#path);
    if (now?.token === this.#token) await rm(this.#path, { force: true });
  }

  /** For the end of the process. */
  releaseNow(): void {
    clearInterval(this.#timer);
    try {
      if (parseLock(readFileSync(this.#path, 'utf8'))?.token === this.#token) rmSync(this.#path);
    } catch {
      // It is gone already.
    }
  }

  async #renew(): Promise<void> {
    try {
      const now = await readLock(this.#path);
      if (now?.token !== this.#token) this.#lost = true;
      else await utimes(this.#path, new Date(), new Date());
    } catch {
      // A file server that is away for a moment: the next beat tries again.
    }
  }
}

function parseLock(text: string): LockContent | undefined {
  try {
    const content = JSON.parse(text) as LockContent;
    return typeof content.token === 'string' ? content : undefined;
  } catch {
    return undefined;
  }
}

async function readLock(path: string): Promise<LockContent | undefined> {
  const text = await readFile(path, 'utf8').catch(missingIsEmpty);
  return parseLock(text);
}

function missingIsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

/** True if a process of that number runs here, whoever owns it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const UNKNOWN: LockOwner = { host: 'unknown', pid: 0, since: '' };

/** The living owner of a lock; undefined where there is no lock or its owner is dead. */
export async function lockOwner(
  path: string,
  { staleMs = 300_000 }: LockTimes = {},
): Promise<LockOwner | undefined> {
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => undefined,
  );
  if (age === undefined || age > staleMs) return undefined;
  const content = await readLock(path);
  // Created, not yet written: its owner is at it.
  if (content === undefined) return UNKNOWN;
  const isHere = content.host === hostname() && content.space === processSpace();
  return isHere && !isAlive(content.pid) ? undefined : content;
}

async function create(path: string, token: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (handle === undefined) return false;
  const content: LockContent = {
    host: hostname(),
    pid: process.pid,
    since: new Date().toISOString(),
    space: processSpace(),
    token,
  };
  await handle.writeFile(JSON.stringify(content)).finally(() => handle.close());
  return true;
}

/** Age at which the right to clear a stale lock, which is used for milliseconds, was left by a process that died. */
const CLEARING_STALE_MS = 60_000;

/**
 * Removes the lock if it is stale. Only the holder of a second lock file, `<path>.clear`, may do so, and judges after
 * taking it: so nobody removes a lock that was made anew after another one judged it.
 *
 * @returns who holds the lock, if it is alive after all.
 */
async function clearStale(path: string, times: LockTimes): Promise<LockOwner | undefined> {
  const right = `${path}.clear`;
  if (!(await create(right, ''))) {
    const age = await stat(right).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > CLEARING_STALE_MS) await rm(right, { force: true });
    else await sleep(20);
    return undefined;
  }
  try {
    const owner = await lockOwner(path, times);
    if (owner === undefined) await rm(path, { force: true });
    return owner;
  } finally {
    await rm(right, { force: true });
  }
}

/**
 * Takes the lock `path`.
 *
 * @returns the lock, or who holds it.
 */
export async function takeSlideLock(path: string, times: LockTimes = {}): Promise<SlideLock | LockOwner> {
  const token = randomBytes(12).toString('hex');
  for (;;) {
    if (await create(path, token)) return new SlideLock(path, token, times.heartbeatMs ?? 15_000);
    const owner = (await lockOwner(path, times)) ?? (await clearStale(path, times));
    if (owner !== undefined) return owner;
  }
}
