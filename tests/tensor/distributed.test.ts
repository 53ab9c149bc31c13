import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError, UsageError } from '../../src/errors.ts';
import { distributedBackends, groupFromEnvironment, ProcessGroup } from '../../src/tensor/index.ts';
import { compileEntry, freePort, type ProcessEnd, runProcess } from '../support/compiled.ts';
import type { GroupAnswer, GroupTask } from './group-process.ts';

const built = distributedBackends();

describe.skipIf(!built.includes('gloo'))('processes on loopback', () => {
  let compiled: ReturnType<typeof compileEntry>;
  beforeAll(() => {
    compiled = compileEntry('tests/tensor/group-process.ts');
  });
  afterAll(() => compiled?.remove());

  async function run(size: number, task: Partial<GroupTask> = {}): Promise<ProcessEnd<GroupAnswer>[]> {
    const port = await freePort();
    return Promise.all(
      Array.from({ length: size }, (_, rank) =>
        runProcess<GroupAnswer>(compiled.script, { rank, size, port, ...task }),
      ),
    );
  }

  it('sum, compare and copy tensors of several types', async () => {
    for (const { messages, stderr, code } of await run(3)) {
      expect([code, stderr]).toEqual([0, '']);
      expect(messages).toEqual([
        {
          sums: [[6, 30], [expect.closeTo(0.6, 12)], [], [3], [2, 0], [2, 2]],
          large: 6 * (1 + 2 + 3),
        },
      ]);
    }
  });

  it('fail within 30 s when one of them dies', async () => {
    const ends = await run(3, { victim: 1, fate: 'die' });
    expect(ends[1]!.signal).toBe('SIGKILL');
    for (const { messages } of [ends[0]!, ends[2]!]) {
      expect(messages[0]!.error).toMatch(
        /^all-reduce: needed all 3 processes, found one lost or late \(.*[Cc]onnection.*\); look at the other processes/,
      );
      expect(messages[0]!.waitedMs).toBeLessThan(30_000);
      expect(messages[0]!.errorAgain).toMatch(
        /^all-reduce: needed an open process group, found a closed one/,
      );
    }
  });

  it('fail when one of them stops answering, after the time-out', async () => {
    const ends = await run(2, { victim: 1, fate: 'hang', operationTimeoutMs: 2000 });
    const [answer] = ends[0]!.messages;
    expect(answer!.error).toMatch(/found one lost or late \(.*[Tt]imed out/);
    expect(answer!.waitedMs).toBeGreaterThan(1900);
    expect(answer!.waitedMs).toBeLessThan(6000);
  });

  it('say so when not all come', async () => {
    const port = await freePort();
    const alone = () =>
      new ProcessGroup({ address: '127.0.0.1', port, rank: 0, size: 2, rendezvousTimeoutMs: 1000 });
    expect(alone).toThrow(EngineError);
    expect(alone).toThrow(
      /process group: needed 2 processes at 127.0.0.1:\d+ within 1 s, found .*; check that all/,
    );
  });
});

describe('ProcessGroup', () => {
  const place = { address: '127.0.0.1', port: 29_500, rank: 0, size: 2 };

  it('refuses numbers that do not fit', () => {
    for (const wrong of [
      { rank: 2 },
      { rank: -1 },
      { size: 0 },
      { port: 0 },
      { port: 70_000 },
      { rank: 0.5 },
    ])
      expect(() => new ProcessGroup({ ...place, ...wrong })).toThrow(UsageError);
    expect(() => new ProcessGroup({ ...place, rank: 2 })).toThrow(
      'process group: needed rank in 0..size-1 and a port in 1..65535, found rank 2, size 2, port 29500',
    );
    expect(() => new ProcessGroup({ ...place, operationTimeoutMs: 0 })).toThrow(
      /needed time-outs above 0 ms/,
    );
  });

  it.skipIf(built.includes('nccl'))('names the remedy where the engine lacks a backend', () => {
    const open = () => new ProcessGroup({ ...place, backend: 'nccl' });
    expect(open).toThrow(EngineError);
    expect(open).toThrow(
      /process group: needed an engine with nccl, found one with .*; use a libtorch with CUDA/,
    );
  });

  it.skipIf(built.includes('gloo'))('names the remedy where the engine lacks Gloo', () => {
    expect(() => new ProcessGroup(place)).toThrow(/needed an engine with gloo, found .*libgloo-dev/);
  });
});

describe('groupFromEnvironment', () => {
  const full = { MASTER_ADDR: 'node0', MASTER_PORT: '29500', RANK: '1', WORLD_SIZE: '4' };

  it('reads what launchers set', () => {
    expect(groupFromEnvironment(full)).toEqual({ address: 'node0', port: 29_500, rank: 1, size: 4 });
    expect(groupFromEnvironment({ ...full, GLOO_SOCKET_IFNAME: 'eth1' })?.networkInterface).toBe('eth1');
    expect(groupFromEnvironment({ PATH: 'x' })).toBeUndefined();
  });

  it('refuses half of it, and words for numbers', () => {
    const { RANK: _, ...partial } = full;
    expect(() => groupFromEnvironment(partial)).toThrow(UsageError);
    expect(() => groupFromEnvironment(partial)).toThrow(
      'process group: needed all of MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE, found no RANK',
    );
    expect(() => groupFromEnvironment({ ...full, RANK: 'one' })).toThrow(
      'process group: needed a whole number in RANK, found "one"',
    );
    expect(() => groupFromEnvironment({ ...full, MASTER_PORT: ' ' })).toThrow(UsageError);
  });
});
