import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GuardedWorker, type WorkerCode, WorkerFailure } from '../../src/spatial/guard/guarded-worker.ts';
import { requestLimitMs, WorkerPool } from '../../src/spatial/guard/worker-pool.ts';
import { ROOT } from '../architecture/sources.ts';
import { buildWorker } from '../data/built-worker.ts';
import { goldenPath } from '../support/paths.ts';
import { temporaryFolder } from './section-files.ts';

type Request = { kind: 'double'; value: number } | { kind: 'throw' } | { kind: 'loop' } | { kind: 'exit' };

function doubled(value: number, factor: number): number {
  return factor * value;
}

async function startTest(_: unknown, [factor]: readonly string[]) {
  return (request: Request) => {
    if (request.kind === 'throw') throw new Error('as asked');
    if (request.kind === 'exit') process.exit(3);
    for (let on = request.kind === 'loop'; on; ) on = Date.now() > 0;
    return { value: doubled((request as { value: number }).value, Number(factor)) };
  };
}

const folder = temporaryFolder();
const code: WorkerCode = { main: startTest, helpers: [doubled as never] };
const start = () => GuardedWorker.start(code, ['2']);

async function failure(promise: Promise<unknown>): Promise<WorkerFailure> {
  const error = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkerFailure);
  return error as WorkerFailure;
}

describe('GuardedWorker', () => {
  it('answers requests in order, also when they are made at once', async () => {
    const worker = await start();
    const answers = [1, 2, 3].map((value) => worker.request<number>({ kind: 'double', value }, 5000));
    expect(await Promise.all(answers)).toEqual([2, 4, 6]);
    expect(worker.retired).toBe(false);
    await worker.stop();
  });

  it('reports what the library throws and is retired by it', async () => {
    const worker = await start();
    const first = failure(worker.request({ kind: 'throw' }, 5000));
    const second = worker.request<number>({ kind: 'double', value: 4 }, 5000);
    expect((await first).message).toBe('as asked');
    expect(await second).toBe(8);
    expect(worker.retired).toBe(true);
    await worker.stop();
  });

  it('ends a thread that never answers, and says so', async () => {
    const worker = await start();
    const begun = performance.now();
    const error = await failure(worker.request({ kind: 'loop' }, 1000));
    expect([error.message, error.timedOut]).toEqual(['no answer within 1 s', true]);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect((await failure(worker.request({ kind: 'throw' }, 1000))).message).toBe(
      'the reading thread has ended',
    );
  });

  it('keeps no process from ending, and prints nothing', async () => {
    await buildWorker();
    const module = pathToFileURL(join(ROOT, 'dist/spatial/index.js')).href;
    const file = goldenPath('eval/hest_mini/patches/MINI1.h5');
    // Compiled, in a process of its own: here the test runner ends whatever is left. The thread stays in the pool.
    const script = `const { openPrecutPatches } = await import(${JSON.stringify(module)});
      const patches = await openPrecutPatches(${JSON.stringify(file)});
      await patches.read(0);
      await patches.close();
      process.stdout.write('read');`;
    const path = await folder.write('read.mjs', script);
    const ended = spawnSync(process.execPath, [path], { encoding: 'utf8', timeout: 60_000 });
    expect([ended.signal, ended.status, ended.stdout, ended.stderr]).toEqual([null, 0, 'read', '']);
  }, 180_000);

  it('survives a thread that ends itself', async () => {
    const worker = await start();
    expect((await failure(worker.request({ kind: 'exit' }, 5000))).message).toBe('the reading thread ended');
  });

  it('fails to start when its code cannot', async () => {
    const broken: WorkerCode = { main: () => Promise.reject(new Error('no library')), helpers: [] };
    expect((await failure(GuardedWorker.start(broken, []))).message).toContain('no library');
  });
});

describe('WorkerPool', () => {
  it('keeps one sound worker, and none that failed', async () => {
    const pool = new WorkerPool(code, () => ['3']);
    const first = await pool.acquire();
    const second = await pool.acquire();
    await pool.release(first);
    await pool.release(second);
    expect([first.retired, second.retired]).toEqual([false, true]);
    const again = await pool.with(async (worker) => {
      expect(await worker.request<number>({ kind: 'double', value: 5 }, 5000)).toBe(15);
      return worker;
    });
    expect(again).toBe(first);
    await failure(pool.with((worker) => worker.request({ kind: 'throw' }, 5000)));
    const fresh = await pool.acquire();
    expect(fresh).not.toBe(first);
    await fresh.stop();
  });

  it('gives large files more time', () => {
    expect(requestLimitMs(0)).toBe(7000);
    expect(requestLimitMs(1.6e9)).toBe(107_000);
  });
});
