/** Worker threads run compiled code: this brings dist up to date with src before tests start any. */
import { join } from 'node:path';
import { ROOT } from '../architecture/sources.ts';
import { loadScript } from '../setup/scripts.ts';

/** Compiles src when it has changed since the last build; one process at a time. */
export async function buildWorker(): Promise<void> {
  const { takeLock } = await loadScript<{ takeLock(path: string): Promise<() => void> }>('lock');
  const { buildTypescript } = await loadScript<{ buildTypescript(root: string): string }>('build-typescript');
  const release = await takeLock(join(ROOT, 'build', 'setup.lock'));
  try {
    buildTypescript(ROOT);
  } finally {
    release();
  }
}
