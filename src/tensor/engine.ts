/** What computes: versions, threads. */
import { type EngineDescription, native } from './native.ts';

/** Versions and abilities of the engine. */
export function describeEngine(): EngineDescription {
  return native().about();
}

/** Threads that one operation may use. Results do not depend on it for this package's own kernels. */
export function setThreads(count: number): void {
  native().setThreads(count);
}

export function threadCount(): number {
  return native().threads();
}

/** Text of an operator's schema in this libtorch, undefined where there is none. */
export function operatorSchema(name: string, overload = ''): string | undefined {
  return native().schema(name, overload);
}

/**
 * Sums `count` exponentials that are made and used in registers: the part of a selective scan that no arrangement of it can
 * save. For benchmarks.
 */
export function exponentials(count: number): number {
  return native().exponentials(count);
}
