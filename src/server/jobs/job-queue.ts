/** Jobs: one at a time, a few waiting, each followed by whoever wants to. */
import { randomBytes } from 'node:crypto';
import type { Job, JobRequest } from '../../contract/index.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { notFound, Refusal, refusalMessage, withoutFolders } from '../refusal.ts';
import type { TableService } from '../tables/table-service.ts';
import { type JobChild, startJobChild } from './job-child.ts';
import { type JobPlan, planJob } from './job-plan.ts';
import type { JobResults } from './job-results.ts';

const MOST_WAITING = 8;
/** Ended jobs that are remembered. */
const MOST_ENDED = 100;

type Watcher = (job: Job) => void;

/** A job and what is needed to run and follow it. */
interface Entry {
  job: Job;
  readonly plan: JobPlan;
  readonly watchers: Set<Watcher>;
  child?: JobChild;
}

export function hasEnded({ state }: Job): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

export class JobQueue {
  readonly #catalogue: Catalogue;
  readonly #tables: TableService;
  readonly #results: JobResults;
  readonly #jobs = new Map<string, Entry>();
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(parts: { catalogue: Catalogue; tables: TableService; results: JobResults }) {
    this.#catalogue = parts.catalogue;
    this.#tables = parts.tables;
    this.#results = parts.results;
  }

  list(): Job[] {
    return Array.from(this.#jobs.values(), ({ job }) => job);
  }

  /** @throws Refusal 404 for an unknown id. */
  get(id: string): Job {
    return this.#entry(id).job;
  }

  #entry(id: string): Entry {
    const entry = this.#jobs.get(id);
    if (entry === undefined) throw notFound('job');
    return entry;
  }

  /** @throws Refusal 429 when too many wait; what the plan refuses. */
  async add(request: JobRequest): Promise<Job> {
    const isFull = () => this.list().filter(({ state }) => state === 'waiting').length >= MOST_WAITING;
    const full = new Refusal(429, `${MOST_WAITING} predictions wait already; cancel one or come back later.`);
    if (isFull()) throw full;
    const plan = await planJob(request, this.#catalogue, this.#tables);
    if (isFull() || this.#closed) throw full;
    const id = randomBytes(8).toString('hex');
    const progress = { stage: 'waiting', done: 0, total: 0, secondsLeft: null };
    const job: Job = {
      id,
      slideId: request.slideId,
      state: 'waiting',
      ...progress,
      tableId: null,
      error: null,
    };
    this.#jobs.set(id, { job, plan, watchers: new Set() });
    this.#forget();
    this.#next();
    return this.get(id);
  }

  /** Calls `watcher` with every change until the returned function is called. */
  watch(id: string, watcher: Watcher): () => void {
    const { watchers } = this.#entry(id);
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }

  /** Ends a job that waits or runs; one that has ended stays as it is. */
  cancel(id: string): Job {
    const entry = this.#entry(id);
    if (!hasEnded(entry.job)) {
      this.#update(entry, { state: 'cancelled', stage: 'cancelled', secondsLeft: null });
      entry.child?.kill();
    }
    return entry.job;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { job } of this.#jobs.values()) this.cancel(job.id);
    await this.#running;
  }

  #update(entry: Entry, change: Partial<Job>): void {
    entry.job = { ...entry.job, ...change };
    for (const watcher of entry.watchers) watcher(entry.job);
  }

  #forget(): void {
    const ended = [...this.#jobs.values()].filter(({ job }) => hasEnded(job));
    for (const { job } of ended.slice(0, Math.max(0, ended.length - MOST_ENDED))) this.#jobs.delete(job.id);
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const entry = [...this.#jobs.values()].find(({ job }) => job.state === 'waiting');
    if (entry === undefined) return;
    this.#running = this.#run(entry)
      .catch((error) => {
        const { status, message } = refusalMessage(error);
        if (status === 500) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
        if (!hasEnded(entry.job)) this.#fail(entry, message);
      })
      .finally(() => {
        this.#running = undefined;
        this.#next();
      });
  }

  #fail(entry: Entry, message: string): void {
    const error = withoutFolders(message, [this.#catalogue.root]);
    this.#update(entry, { state: 'failed', stage: 'failed', error, secondsLeft: null });
  }

  async #run(entry: Entry): Promise<void> {
    this.#update(entry, { state: 'running', stage: 'starting' });
    const { slide, ...work } = entry.plan;
    const results = await this.#results.create(slide);
    try {
      if (hasEnded(entry.job)) return;
      const rate = rateOf();
      entry.child = startJobChild({ ...work, folder: results.unfinished }, ({ stage, done, total }) => {
        if (!hasEnded(entry.job)) this.#update(entry, { stage, done, total, secondsLeft: rate(done, total) });
      });
      const end = await entry.child.end;
      if (hasEnded(entry.job)) return;
      if ('failure' in end) {
        // Nothing is left behind by the time it is known.
        await results.discard();
        this.#fail(entry, withoutFolders(end.failure, [results.unfinished]));
        return;
      }
      const tableId = await results.publish(end.table);
      this.#update(entry, { state: 'done', stage: 'done', tableId, secondsLeft: 0 });
    } finally {
      await results.discard();
    }
  }
}

/** Seconds left by the mean speed since the first patches; null until some are done. */
function rateOf(): (done: number, total: number) => number | null {
  let first: { readonly at: number; readonly done: number } | undefined;
  return (done, total) => {
    if (total === 0) return null;
    const now = performance.now();
    first ??= { at: now, done };
    const perMs = (done - first.done) / (now - first.at);
    return perMs > 0 ? Math.round((total - done) / perMs / 1000) : null;
  };
}
