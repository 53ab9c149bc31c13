/** One process of a group; started by distributed.test.ts. Sends what its sums gave. */
import { ProcessGroup, scope, tensor, toFloat32Array, toFloat64Array } from '../../src/tensor/index.ts';

export interface GroupTask {
  readonly rank: number;
  readonly size: number;
  readonly port: number;
  /** This rank ends in the middle (`die`) or stops answering (`hang`). */
  readonly victim?: number;
  readonly fate?: 'die' | 'hang';
  readonly operationTimeoutMs?: number;
}

export interface GroupAnswer {
  readonly sums?: number[][];
  readonly large?: number;
  readonly error?: string;
  readonly errorAgain?: string;
  readonly waitedMs?: number;
}

function send(answer: GroupAnswer): void {
  process.send!(answer);
}

const task = JSON.parse(process.argv[2]!) as GroupTask;
const { rank, size } = task;
const group = new ProcessGroup({
  address: '127.0.0.1',
  port: task.port,
  rank,
  size,
  rendezvousTimeoutMs: 30_000,
  operationTimeoutMs: task.operationTimeoutMs ?? 30_000,
});

function sums(): void {
  const mixed = [
    tensor(Float32Array.of(rank + 1, 10 * rank), [2]),
    tensor(Float64Array.of(0.1 * (rank + 1)), [1]),
    tensor(new Float32Array(0), [0, 3]),
    tensor(BigInt64Array.of(BigInt(rank)), []),
  ];
  group.allReduceSum(mixed);
  const highest = tensor(Float32Array.of(rank, -rank), [2]);
  group.allReduceMax([highest]);
  const copied = tensor(Float32Array.of(rank, rank), [2]);
  group.broadcast([copied], size - 1);
  // Several buckets: 3 x 20 MB.
  const large = [1, 2, 3].map((factor) =>
    tensor(new Float32Array(5_000_000).fill(factor * (rank + 1)), [5_000_000]),
  );
  group.allReduceSum(large);
  group.barrier();
  const total = large.reduce((sum, t) => sum + toFloat32Array(t)[4_999_999]!, 0);
  send({ sums: [...mixed, highest, copied].map((t) => Array.from(toFloat64Array(t))), large: total });
}

function failing(work: () => void): string {
  try {
    work();
    return 'no error';
  } catch (error) {
    return (error as Error).message;
  }
}

scope(() => {
  if (task.victim === undefined) return sums();
  group.barrier();
  if (rank === task.victim) {
    if (task.fate === 'die') process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8000);
    return;
  }
  const started = performance.now();
  const error = failing(() => group.barrier());
  send({ error, waitedMs: performance.now() - started, errorAgain: failing(() => group.barrier()) });
});
group.close();
group.close();
process.disconnect();
