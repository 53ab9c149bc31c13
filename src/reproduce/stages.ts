/** Work in stages that survive a kill: each has a folder, a key over all that decides its result, and a mark when done. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { stableJson } from '../core/stable-json.ts';

/** Called while a stage works; `done` of `total`. */
export type StageProgress = (done: number, total: number, detail?: string) => void;

export interface Stage {
  /** Its folder below the run's. */
  readonly id: string;
  readonly title: string;
  /** Everything that decides what it writes; plain JSON. */
  readonly settings: unknown;
  /** Stages whose results it reads. */
  readonly needs: readonly Stage[];
  readonly expectedSeconds: number;
  /**
   * Does the work. The folder may hold a part that a killed run with the same key has left.
   *
   * @param stop  once aborted, save and throw.
   */
  readonly run: (folder: string, progress: StageProgress) => Promise<void>;
}

/** What a finished stage cost. */
export interface StageMark {
  readonly key: string;
  /** Of the sitting that finished it. */
  readonly seconds: number;
  /** Largest resident memory of the process meanwhile; null where the system does not tell. */
  readonly peakBytes: number | null;
}

/** Identity of a stage's result: its id, settings, and the keys of what it reads. */
export function stageKey({ id, settings, needs }: Stage): string {
  const text = stableJson({ id, settings, needs: needs.map(stageKey) });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

async function readJson(path: string): Promise<Partial<StageMark> | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<StageMark>;
  } catch {
    return undefined;
  }
}

/** The mark of a stage that is finished with these settings; undefined otherwise. */
export async function stageMark(root: string, stage: Stage): Promise<StageMark | undefined> {
  const mark = await readJson(join(root, stage.id, 'done.json'));
  return mark?.key === stageKey(stage) ? (mark as StageMark) : undefined;
}

/** Forgets the highest resident memory so far (Linux). */
async function resetPeak(): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  await writeFile('/proc/self/clear_refs', '5').catch(() => undefined);
}

async function peakBytes(): Promise<number | null> {
  const text = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? null : 1024 * Number(kib);
}

/** Runs a stage unless it is finished; a left-over of other settings is removed first. */
export async function runStage(root: string, stage: Stage, progress: StageProgress): Promise<StageMark> {
  const finished = await stageMark(root, stage);
  if (finished !== undefined) return finished;
  const folder = join(root, stage.id);
  const key = stageKey(stage);
  const begun = await readJson(join(folder, 'stage.json'));
  if (begun?.key !== key) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(
    join(folder, 'stage.json'),
    stableJson({ key, id: stage.id, settings: stage.settings }),
  );
  await resetPeak();
  const start = performance.now();
  await stage.run(folder, progress);
  const mark: StageMark = { key, seconds: (performance.now() - start) / 1000, peakBytes: await peakBytes() };
  await writeFileAtomically(join(folder, 'done.json'), stableJson(mark));
  return mark;
}
