/** One process of a training group; started by data-parallel.test.ts. Sends the losses of every step. */
import { DinoV2, type DinoV2Options, dinoV2Config, stateOf, trainStep } from '../../src/ssl/index.ts';
import { ProcessGroup, scope, toFloat32Array } from '../../src/tensor/index.ts';
import { splitBatch } from './split-batch.ts';
import { tinyBatch, tinyHybrid } from './tiny-model.ts';

export interface RankTask {
  readonly rank: number;
  readonly size: number;
  readonly port: number;
  readonly steps: number;
  readonly options: DinoV2Options;
  /** After this many steps, this rank dies. */
  readonly death?: { readonly rank: number; readonly afterSteps: number };
}

export interface RankAnswer {
  readonly losses?: Record<string, number>;
  readonly norms?: Record<string, number>;
  /** Sum over all state tensors of their values: equal in all processes. */
  readonly checksum?: number;
  readonly error?: string;
}

const task = JSON.parse(process.argv[2]!) as RankTask;
const { rank, size, death } = task;
const group = new ProcessGroup({
  address: '127.0.0.1',
  port: task.port,
  rank,
  size,
  rendezvousTimeoutMs: 30_000,
});
const model = new DinoV2(tinyHybrid, dinoV2Config(task.options), { group });

function step(): RankAnswer {
  return scope(() => {
    // Every process cuts its share from the batch of process 0, so that together they see what one process sees.
    const whole = tinyBatch(Object.assign(Object.create(model) as DinoV2, { group: { ...group, rank: 0 } }));
    const { losses, gradientNorms } = trainStep(model, splitBatch(whole, size)[rank]!);
    return { losses: { ...losses }, norms: { ...gradientNorms } };
  });
}

function checksum(): number {
  let sum = 0;
  for (const t of stateOf(model).tensors.values()) for (const value of toFloat32Array(t)) sum += value;
  return sum;
}

try {
  for (let i = 0; i < task.steps; i++) {
    if (death?.rank === rank && death.afterSteps === i) process.kill(process.pid, 'SIGKILL');
    process.send!(step());
  }
  process.send!({ checksum: checksum() } satisfies RankAnswer);
} catch (error) {
  process.send!({ error: (error as Error).message } satisfies RankAnswer);
}
model.dispose();
group.close();
process.disconnect();
