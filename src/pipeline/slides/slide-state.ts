/** What is known of each slide of a folder of results: one small file per slide, written when work on it ends. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../core/atomic-file.ts';
import { DataError, UsageError } from '../../errors.ts';

/** Everything a result depends on, as text. */
export type SlideSettings = Readonly<Record<string, string>>;

/** How the last work on a slide ended. */
export interface SlideState {
  readonly id: string;
  readonly slide: string;
  /** `empty`: no tissue or no patch, with a reason; not an error. */
  readonly status: 'done' | 'empty' | 'failed';
  readonly reason: string | null;
  readonly patches: number;
  /** Working time of the process that finished it. */
  readonly seconds: number;
  readonly by: string;
  /** ISO 8601. */
  readonly finished: string;
  readonly settings: SlideSettings;
}

/** Folder of states and locks below the results. */
export function stateFolder(folder: string): string {
  return join(folder, 'state');
}

export function statePath(folder: string, id: string): string {
  return join(stateFolder(folder), `${id}.json`);
}

export function lockPath(folder: string, id: string): string {
  return join(stateFolder(folder), `${id}.lock`);
}

/**
 * The state of a slide; undefined where it was never finished.
 *
 * @throws DataError for a file that is no state.
 */
export async function readState(folder: string, id: string): Promise<SlideState | undefined> {
  const path = statePath(folder, id);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as SlideState;
    if (typeof state.status === 'string' && typeof state.settings === 'object') return state;
  } catch {
    // Told below.
  }
  throw new DataError('slides', {
    need: 'the state of a slide',
    found: `something else in ${path}`,
    next: 'remove that file',
  });
}

export async function writeState(folder: string, state: SlideState): Promise<void> {
  await writeFileAtomically(statePath(folder, state.id), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * What identifies the bytes of a slide without reading them all.
 *
 * @throws UsageError if there is no such file.
 */
export async function slideStamp(path: string): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new UsageError('slides', { need: 'a slide', found: `nothing at ${path}`, cause });
  });
  return `${found.size} bytes ${Math.round(found.mtimeMs)}`;
}

/** First setting in which two results differ, in words; undefined where they are equal. */
export function changedSetting(before: SlideSettings, now: SlideSettings): string | undefined {
  const key = Object.keys({ ...before, ...now }).find((name) => before[name] !== now[name]);
  return key === undefined ? undefined : `${key} (${before[key] ?? 'none'} then, ${now[key] ?? 'none'} now)`;
}
