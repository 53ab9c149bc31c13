/** Where numbers were measured. */
import { cpus, loadavg } from 'node:os';
import { describeEngine, threadCount } from '../tensor/index.ts';

export interface MachineDescription {
  readonly processor: string;
  readonly cores: number;
  /** Threads the engine used. */
  readonly threads: number;
  /** Runnable processes, mean of the last minute, before the first run; above 0 others were at work. */
  readonly load: number;
  readonly node: string;
  readonly libtorch: string;
  readonly matmul: string;
  /** Floats per vector of the kernels. */
  readonly vectorWidth: number;
}

export function describeMachine(): MachineDescription {
  const { libtorch, matmul, vectorWidth } = describeEngine();
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    threads: threadCount(),
    load: loadavg()[0]!,
    node: process.version,
    libtorch,
    matmul,
    vectorWidth,
  };
}
