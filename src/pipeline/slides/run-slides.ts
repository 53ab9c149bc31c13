/** Many slides, one after the other, shared with other processes: what is done stays done, what fails is listed. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomically } from '../../core/atomic-file.ts';
import { UsageError } from '../../errors.ts';
import { type Shard, type SlideEntry, shardOf } from './slide-list.ts';
import { type LockTimes, lockOwner, SlideLock, takeSlideLock } from './slide-lock.ts';
import {
  changedSetting,
  lockPath,
  readState,
  type SlideSettings,
  type SlideState,
  slideStamp,
  writeState,
} from './slide-state.ts';

/** What work on one slide left. */
export interface SlideWorkResult {
  readonly patches: number;
  /** Patches that an earlier, interrupted run had finished. */
  readonly resumed?: number;
  /** Why there is nothing; absent where there are patches. */
  readonly reason?: string;
}

/** The work that a run does on every slide. */
export interface SlideWork {
  /** Everything the results depend on, besides the slide. */
  readonly settings: SlideSettings;
  /** Whether the files of a finished slide are still there. */
  isComplete(entry: SlideEntry): boolean;
  /** `check` throws when the work must not go on; call it often. */
  process(entry: SlideEntry, check: () => void): Promise<SlideWorkResult>;
}

/** How a run treats its list. */
export interface SlideRunOptions extends LockTimes {
  readonly shard?: Shard;
  /** Replace results that were made with other settings. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  /** Called before each slide; `total` counts the slides of this shard. */
  readonly onSlide?: (entry: SlideEntry, index: number, total: number) => void;
}

/** What became of one slide in this run. */
export interface SlideOutcome {
  readonly id: string;
  readonly slide: string;
  /** `skipped`: finished before; `running`: another process is at it. */
  readonly status: 'done' | 'empty' | 'skipped' | 'failed' | 'running';
  readonly reason: string | null;
  readonly patches: number;
  readonly resumed: number;
  readonly seconds: number;
}

/** A line of `run-report.json`. */
export interface SlideReport {
  readonly id: string;
  readonly slide: string;
  /** How things stand in the folder. */
  readonly status: 'done' | 'empty' | 'failed' | 'running' | 'waiting';
  /** What the run that wrote the report did. */
  readonly inThisRun: SlideOutcome['status'] | 'not in this shard';
  readonly reason: string | null;
  readonly patches: number;
  readonly seconds: number;
  /** Host and process that finished it or is at it. */
  readonly by: string | null;
}

/** What a run leaves. */
export interface SlideRun {
  readonly outcomes: readonly SlideOutcome[];
  readonly failures: readonly { readonly id: string; readonly error: unknown }[];
  /** Path of `run-report.json`. */
  readonly report: string;
}

const ME = `${hostname()}:${process.pid}`;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs of one list into one folder. */
class Runner {
  readonly #folder: string;
  readonly #work: SlideWork;
  readonly #options: SlideRunOptions;
  readonly failures: { id: string; error: unknown }[] = [];

  constructor(folder: string, work: SlideWork, options: SlideRunOptions) {
    this.#folder = folder;
    this.#work = work;
    this.#options = options;
  }

  async handle(entry: SlideEntry): Promise<SlideOutcome> {
    const start = performance.now();
    const outcome = (status: SlideOutcome['status'], more: Partial<SlideOutcome> = {}): SlideOutcome => {
      const seconds = Number(((performance.now() - start) / 1000).toFixed(2));
      const empty = { reason: null, patches: 0, resumed: 0 };
      return { id: entry.id, slide: entry.path, status, ...empty, seconds, ...more };
    };
    let lock: SlideLock | undefined;
    let isStarted = false;
    let settings: SlideSettings = this.#work.settings;
    try {
      settings = { ...settings, slide: await slideStamp(entry.path), ...mppSetting(entry) };
      let finished = await this.#finished(entry, settings);
      if (finished === undefined) {
        const taken = await takeSlideLock(lockPath(this.#folder, entry.id), this.#options);
        if (!(taken instanceof SlideLock))
          return outcome('running', { reason: `${taken.host}:${taken.pid} since ${taken.since}` });
        lock = taken;
        // Another process may have finished it just before.
        finished = await this.#finished(entry, settings);
      }
      if (finished !== undefined)
        return outcome('skipped', { reason: finished.reason, patches: finished.patches });
      isStarted = true;
      const { patches, resumed = 0, reason } = await this.#process(entry, lock!);
      const done = outcome(reason === undefined ? 'done' : 'empty', {
        patches,
        resumed,
        reason: reason ?? null,
      });
      await this.#save(done, settings);
      return done;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.failures.push({ id: entry.id, error });
      const failed = outcome('failed', { reason: messageOf(error) });
      if (isStarted) await this.#save(failed, settings).catch(() => undefined);
      return failed;
    } finally {
      await lock?.release();
    }
  }

  /** The state of a slide that needs no work. */
  async #finished(entry: SlideEntry, settings: SlideSettings): Promise<SlideState | undefined> {
    const state = await readState(this.#folder, entry.id);
    if (state === undefined || state.status === 'failed') return undefined;
    if (state.status === 'done' && !this.#work.isComplete(entry)) return undefined;
    const changed = changedSetting(state.settings, settings);
    if (changed === undefined) return state;
    if (this.#options.overwrite) return undefined;
    throw new UsageError('slides', {
      need: `the settings that the results of ${entry.id} in ${this.#folder} were made with`,
      found: `another ${changed}`,
      next: 'choose another folder, or replace them with --overwrite',
    });
  }

  async #process(entry: SlideEntry, lock: SlideLock): Promise<SlideWorkResult> {
    const { signal } = this.#options;
    const onAbort = () => lock.releaseNow();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#work.process(entry, () => {
        signal?.throwIfAborted();
        lock.check();
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #save({ resumed: _resumed, ...outcome }: SlideOutcome, settings: SlideSettings): Promise<void> {
    const status = outcome.status as SlideState['status'];
    const finished = new Date().toISOString();
    await writeState(this.#folder, { ...outcome, status, by: ME, finished, settings });
  }
}

function mppSetting({ mpp }: SlideEntry): SlideSettings {
  return mpp === undefined ? {} : { listedMpp: String(mpp) };
}

/** How things stand for every slide of the list, whoever did the work. */
async function reportLine(
  folder: string,
  entry: SlideEntry,
  outcome: SlideOutcome | undefined,
  times: LockTimes,
): Promise<SlideReport> {
  const owner = await lockOwner(lockPath(folder, entry.id), times);
  const state = await readState(folder, entry.id).catch(() => undefined);
  const common = {
    id: entry.id,
    slide: entry.path,
    inThisRun: outcome?.status ?? 'not in this shard',
  } as const;
  if (outcome?.status === 'failed')
    return {
      ...common,
      status: 'failed',
      reason: outcome.reason,
      patches: 0,
      seconds: outcome.seconds,
      by: ME,
    };
  if (owner !== undefined) {
    const by = `${owner.host}:${owner.pid}`;
    return { ...common, status: 'running', reason: null, patches: 0, seconds: 0, by };
  }
  if (state === undefined)
    return { ...common, status: 'waiting', reason: null, patches: 0, seconds: 0, by: null };
  const { status, reason, patches, seconds, by } = state;
  return { ...common, status, reason, patches, seconds, by };
}

/**
 * Does `work` on every slide of the list (or shard) that is not finished and that no other process is at. A slide that
 * fails is listed and the others go on. Writes `run-report.json`, which says how every slide of the whole list stands.
 *
 * @throws the signal's reason if it is aborted.
 */
export async function runSlides(
  entries: readonly SlideEntry[],
  folder: string,
  work: SlideWork,
  options: SlideRunOptions = {},
): Promise<SlideRun> {
  const mine = options.shard === undefined ? entries : shardOf(entries, options.shard);
  const runner = new Runner(folder, work, options);
  const outcomes = new Map<string, SlideOutcome>();
  const pass = async (some: readonly SlideEntry[]) => {
    for (const [i, entry] of some.entries()) {
      options.signal?.throwIfAborted();
      options.onSlide?.(entry, i, some.length);
      outcomes.set(entry.id, await runner.handle(entry));
    }
  };
  await pass(mine);
  // A process that was at a slide may have died meanwhile.
  await pass(mine.filter(({ id }) => outcomes.get(id)!.status === 'running'));
  const lines: SlideReport[] = [];
  for (const entry of entries) lines.push(await reportLine(folder, entry, outcomes.get(entry.id), options));
  const report = join(folder, 'run-report.json');
  const document = { finished: new Date().toISOString(), by: ME, settings: work.settings, slides: lines };
  await writeFileAtomically(report, `${JSON.stringify(document, null, 2)}\n`);
  return { outcomes: [...outcomes.values()], failures: runner.failures, report };
}
