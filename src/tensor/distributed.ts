/** Groups of processes that sum and copy tensors: libtorch's c10d with Gloo (CPU) or NCCL (GPU). */
import { EngineError, UsageError } from '../errors.ts';
import type { Device } from './device.ts';
import { engineError } from './engine-error.ts';
import { handles } from './invoke.ts';
import { type Addon, native } from './native.ts';
import { zeros } from './ops.generated.ts';
import { scope } from './scope.ts';
import type { Tensor } from './tensor.ts';

/** What carries the messages. */
export type DistributedBackend = 'gloo' | 'nccl';

/** The addon's functions for groups. */
interface GroupAddon extends Addon {
  distributedBackends(): DistributedBackend[];
  openGroup(
    backend: string,
    address: string,
    port: number,
    rank: number,
    size: number,
    rendezvousMs: number,
    operationMs: number,
    networkInterface: string,
  ): number;
  groupAllReduce(group: number, tensors: readonly number[], maximum: boolean): void;
  groupBroadcast(group: number, tensors: readonly number[], root: number): void;
  closeGroup(group: number): void;
}

function addon(): GroupAddon {
  return native() as GroupAddon;
}

export interface GroupOptions {
  /** Where process 0 listens; a name or address that all processes reach. */
  readonly address: string;
  readonly port: number;
  /** This process's number, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** Where the tensors will be: GPUs take NCCL where the engine has it, all else Gloo. */
  readonly device?: Device;
  /** Instead of the choice by device. */
  readonly backend?: DistributedBackend;
  /** Network interface for Gloo, e.g. `eth0`; default: the one of this machine's name, or of loopback. */
  readonly networkInterface?: string;
  /** How long to wait for the other processes to start. */
  readonly rendezvousTimeoutMs?: number;
  /**
   * How long one sum may take, from the first process's call to the last's. A process that ends is noticed at once;
   * this is for one that hangs. It must exceed the longest time that one process may lag behind, e.g. for writing a
   * checkpoint.
   */
  readonly operationTimeoutMs?: number;
}

const RENDEZVOUS_MS = 60_000;
const OPERATION_MS = 300_000;

/** What this engine was built with; empty where libtorch or its headers had neither. */
export function distributedBackends(): DistributedBackend[] {
  return addon().distributedBackends();
}

function checkOptions({
  rank,
  size,
  port,
  rendezvousTimeoutMs = 1,
  operationTimeoutMs = 1,
}: GroupOptions): void {
  const whole = [rank, size, port].every(Number.isInteger);
  if (!whole || size < 1 || rank < 0 || rank >= size || port < 1 || port > 65_535) {
    throw new UsageError('process group', {
      need: 'rank in 0..size-1 and a port in 1..65535',
      found: `rank ${rank}, size ${size}, port ${port}`,
    });
  }
  if (!(rendezvousTimeoutMs > 0 && operationTimeoutMs > 0)) {
    throw new UsageError('process group', {
      need: 'time-outs above 0 ms',
      found: `${rendezvousTimeoutMs} and ${operationTimeoutMs}`,
    });
  }
}

function chooseBackend({ backend, device = 'cpu' }: GroupOptions): DistributedBackend {
  const built = distributedBackends();
  const wanted = backend ?? (device !== 'cpu' && built.includes('nccl') ? 'nccl' : 'gloo');
  if (!built.includes(wanted)) {
    throw new EngineError('process group', {
      need: `an engine with ${wanted}`,
      found: `one with ${built.join(' and ') || 'neither gloo nor nccl'}`,
      next:
        wanted === 'gloo'
          ? 'install its headers (Debian: `apt-get install libgloo-dev`) and run `npm run build:native`'
          : 'use a libtorch with CUDA, set CUDA_HOME and NCCL_HOME, and run `npm run build:native`',
    });
  }
  return wanted;
}

/**
 * A place among processes that train together. All calls block until the result is there; every process makes the
 * same calls in the same order.
 *
 * A call that fails closes the group, so that the failure reaches all other processes as well.
 */
export class ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly backend: DistributedBackend;
  readonly device: Device;
  #handle: number | undefined;

  /**
   * Meets the other processes.
   *
   * @throws UsageError for numbers that do not fit; EngineError when the engine has no backend, or when not all
   *   processes came in time.
   */
  constructor(options: GroupOptions) {
    checkOptions(options);
    const { address, port, rank, size, device = 'cpu', networkInterface = '' } = options;
    const rendezvousMs = options.rendezvousTimeoutMs ?? RENDEZVOUS_MS;
    this.rank = rank;
    this.size = size;
    this.device = device;
    this.backend = chooseBackend(options);
    try {
      this.#handle = addon().openGroup(
        this.backend,
        address,
        port,
        rank,
        size,
        rendezvousMs,
        options.operationTimeoutMs ?? OPERATION_MS,
        networkInterface,
      );
    } catch (error) {
      throw new EngineError('process group', {
        need: `${size} processes at ${address}:${port} within ${rendezvousMs / 1000} s`,
        found: reasonOf(error),
        next: 'check that all were started with the same address, port and size, and different ranks',
        cause: error,
      });
    }
  }

  #run(operation: string, call: (handle: number) => void): void {
    const handle = this.#handle;
    if (handle === undefined) {
      throw new EngineError(operation, {
        need: 'an open process group',
        found: 'a closed one',
        next: 'a group closes when a call fails; restart all processes from the last checkpoint',
      });
    }
    try {
      call(handle);
    } catch (error) {
      this.close();
      throw new EngineError(operation, {
        need: `all ${this.size} processes`,
        found: `one lost or late (${reasonOf(error)})`,
        next: 'look at the other processes for the first error, then restart all from the last checkpoint',
        cause: error,
      });
    }
  }

  /** Each tensor becomes its sum over all processes. In place. */
  allReduceSum(tensors: readonly Tensor[]): void {
    if (tensors.length === 0) return;
    this.#run('all-reduce', (handle) => addon().groupAllReduce(handle, handles(tensors), false));
  }

  /** Each tensor becomes its element-wise maximum over all processes. In place. */
  allReduceMax(tensors: readonly Tensor[]): void {
    if (tensors.length === 0) return;
    this.#run('all-reduce', (handle) => addon().groupAllReduce(handle, handles(tensors), true));
  }

  /** Each tensor becomes that of process `root`. In place. */
  broadcast(tensors: readonly Tensor[], root = 0): void {
    if (tensors.length === 0) return;
    this.#run('broadcast', (handle) => addon().groupBroadcast(handle, handles(tensors), root));
  }

  /** Returns when all processes have come here. */
  barrier(): void {
    scope(() => this.allReduceSum([zeros([1], { dtype: 'float32', device: this.device })]));
  }

  /** Leaves the group; calls of the others that wait for this process fail. Twice is harmless. */
  close(): void {
    if (this.#handle === undefined) return;
    const handle = this.#handle;
    this.#handle = undefined;
    addon().closeGroup(handle);
  }
}

/** First line of what libtorch says, without its source positions. */
function reasonOf(error: unknown): string {
  const { found } = engineError('process group', error);
  return (found.split('\n')[0] ?? found).replace(/^\[[^\]]*\]\s*/, '').trim();
}

/**
 * The place that launchers such as torchrun hand over: `MASTER_ADDR`, `MASTER_PORT`, `RANK`, `WORLD_SIZE`, and
 * `GLOO_SOCKET_IFNAME` where it is set. Undefined when none of the first four is.
 *
 * @throws UsageError when only some are set, or a number is none.
 */
export function groupFromEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Pick<GroupOptions, 'address' | 'port' | 'rank' | 'size' | 'networkInterface'> | undefined {
  const names = ['MASTER_ADDR', 'MASTER_PORT', 'RANK', 'WORLD_SIZE'] as const;
  const missing = names.filter((name) => environment[name] === undefined);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    throw new UsageError('process group', {
      need: `all of ${names.join(', ')}`,
      found: `no ${missing.join(', ')}`,
      next: 'set all four, or none for a single process',
    });
  }
  const [port, rank, size] = names.slice(1).map((name) => {
    const value = Number(environment[name]);
    if (Number.isInteger(value) && environment[name]!.trim() !== '') return value;
    throw new UsageError('process group', {
      need: `a whole number in ${name}`,
      found: `"${environment[name]}"`,
    });
  }) as [number, number, number];
  const networkInterface = environment.GLOO_SOCKET_IFNAME;
  return {
    address: environment.MASTER_ADDR!,
    port,
    rank,
    size,
    ...(networkInterface === undefined ? {} : { networkInterface }),
  };
}
