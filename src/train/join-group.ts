import { type Communicator, singleProcess } from '../ssl/index.ts';
import { groupFromEnvironment, ProcessGroup, parseDevice } from '../tensor/index.ts';
import type { RunConfig } from './config.ts';

/** Longest wait for a process that is alive: the first one may be cutting a cohort's patches or writing a state. */
const OPERATION_MS = 1_800_000;

/** A place among the processes that a launcher started, or alone. */
export type TrainingGroup = Communicator & { close(): void };

/**
 * Joins the group that the environment names (`MASTER_ADDR`, `MASTER_PORT`, `RANK`, `WORLD_SIZE`).
 *
 * @throws UsageError for an incomplete environment, EngineError when the others do not come.
 */
export function joinGroup({ run }: RunConfig): TrainingGroup {
  const place = groupFromEnvironment();
  if (place === undefined || place.size === 1) return { ...singleProcess, close: () => undefined };
  return new ProcessGroup({ ...place, device: parseDevice(run.device), operationTimeoutMs: OPERATION_MS });
}
