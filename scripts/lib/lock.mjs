/** One set-up at a time per checkout. The lock names its process; a lock whose process is gone is taken over. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './setup-error.mjs';

/** When a process started, in clock ticks since boot (Linux), which tells it from a later one with the same number. */
function startTicks(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '';
  }
}

/** The content of a lock held by this process. */
export function lockOwner(pid = process.pid) {
  return `${pid} ${startTicks(pid)}`.trim();
}

/** True when the process that a lock names still runs. */
export function ownerAlive(owner) {
  const pid = Number(owner.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return lockOwner(pid) === owner;
}

function readOwner(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The lock appears with its content, never empty: written aside, then linked into place. */
function tryTake(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${lockOwner()}\n`);
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moves a dead lock away. If somebody else has renewed it in between, theirs is put back. */
function dropDeadLock(path, deadOwner) {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readOwner(aside) !== deadOwner) linkSync(aside, path);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * Waits for the lock and takes it.
 *
 * @param {string} path lock file
 * @param {object} [options]
 * @param {number} [options.timeoutMs] give up after this long; default 20 minutes
 * @param {number} [options.pollMs] time between looks
 * @param {(owner: string) => void} [options.onWait] called once when somebody else holds the lock
 * @returns {Promise<() => void>} releases the lock
 */
export async function takeLock(path, { timeoutMs = 20 * 60_000, pollMs = 300, onWait = () => {} } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + timeoutMs;
  for (let waited = false; !tryTake(path); ) {
    const owner = readOwner(path);
    if (owner === undefined) continue;
    if (!ownerAlive(owner)) {
      dropDeadLock(path, owner);
      continue;
    }
    if (Date.now() >= deadline) {
      throw new SetupError(
        `set-up: needed the lock ${path}, found it held by process ${owner.split(' ')[0]}; wait for that set-up or end it`,
      );
    }
    if (!waited) onWait(owner);
    waited = true;
    await sleep(pollMs);
  }
  return () => {
    if (readOwner(path) === lockOwner()) rmSync(path, { force: true });
  };
}
