/** Real processes: two with half the batch each train like one with the whole. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainStep } from '../../src/ssl/index.ts';
import { distributedBackends, scope, setThreads, tensorCount } from '../../src/tensor/index.ts';
import { compileEntry, freePort, type ProcessEnd, runProcess } from '../support/compiled.ts';
import type { RankAnswer, RankTask } from './rank-process.ts';
import { tinyBatch, tinyOptions, withModel } from './tiny-model.ts';

/**
 * Differences start as rounding (measured: at most 3e-7 in the first five steps); later Adam has turned the signs of
 * gradients that are nothing but rounding into whole steps.
 */
const STEPS = 5;
const OPTIONS = tinyOptions({ losses: { koleoOver: 'group' } });

describe.skipIf(!distributedBackends().includes('gloo'))('data-parallel training', () => {
  let compiled: ReturnType<typeof compileEntry>;
  beforeAll(() => {
    compiled = compileEntry('tests/ssl/rank-process.ts');
    setThreads(1);
  });
  afterAll(() => {
    compiled?.remove();
    expect(tensorCount()).toBe(0);
  });

  async function run(task: Partial<RankTask> = {}): Promise<ProcessEnd<RankAnswer>[]> {
    const port = await freePort();
    const size = 2;
    return Promise.all(
      Array.from({ length: size }, (_, rank) =>
        runProcess<RankAnswer>(compiled.script, {
          rank,
          size,
          port,
          steps: STEPS,
          options: OPTIONS,
          ...task,
        }),
      ),
    );
  }

  it('has the losses and gradient norms of one process at every step', async () => {
    const alone = withModel(
      (model) => Array.from({ length: STEPS }, () => scope(() => trainStep(model, tinyBatch(model)))),
      OPTIONS,
    );
    const ends = await run();
    for (const { messages, stderr, code } of ends) {
      expect([code, stderr]).toEqual([0, '']);
      expect(messages.length).toBe(STEPS + 1);
      for (const [i, { losses, gradientNorms }] of alone.entries()) {
        for (const [name, value] of Object.entries(losses)) {
          const error = Math.abs(messages[i]!.losses![name]! - value) / Math.abs(value);
          expect(error, `${name} of step ${i}`).toBeLessThanOrEqual(1e-5);
        }
        for (const [name, value] of Object.entries(gradientNorms)) {
          const error = Math.abs(messages[i]!.norms![name]! - value) / value;
          expect(error, `norm of ${name} at step ${i}`).toBeLessThanOrEqual(1e-3);
        }
      }
    }
    expect(ends[0]!.messages.at(-1)!.checksum).toBe(ends[1]!.messages.at(-1)!.checksum);
  });

  it('ends with a clear error within 30 s when a process dies', async () => {
    const [survivor, dead] = await run({ death: { rank: 1, afterSteps: 2 } });
    expect(dead!.signal).toBe('SIGKILL');
    expect(survivor!.messages.slice(0, 2).every(({ losses }) => losses !== undefined)).toBe(true);
    expect(survivor!.messages.at(-1)!.error).toMatch(
      /^all-reduce: needed all 2 processes, found one lost or late/,
    );
    expect(survivor!.tookMs).toBeLessThan(30_000);
  });
});
