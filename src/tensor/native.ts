/** The one place that loads the native addon. Nothing else in the package touches it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { EngineMissingError } from '../errors.ts';

/** What the addon reports about itself. */
export interface EngineDescription {
  /** libtorch's version. */
  readonly libtorch: string;
  /** The BLAS that answers libtorch's own products. */
  readonly blas: string;
  /** What computes this package's matrix products. */
  readonly matmul: string;
  /** Floats per vector of the compiled kernels. */
  readonly vectorWidth: number;
  readonly parallel: string;
  readonly config: string;
  readonly cuda: boolean;
  readonly cudaDevices: number;
}

/** Functions of the addon; tensors, operators and generators are numbers there. */
export interface Addon {
  resolve(name: string, overload: string): number;
  schema(name: string, overload: string): string | undefined;
  call(operator: number, ...args: unknown[]): unknown;
  dispose(tensor: number): void;
  moveTo(tensor: number, device: string): void;
  liveCount(): number;
  liveBytes(): number;
  tellCollector(): void;
  fromBytes(array: ArrayBufferView, shape: readonly number[], dtype: number, device: string): number;
  shareBytes(array: ArrayBufferView, shape: readonly number[], dtype: number): number;
  toBuffer(tensor: number, share: boolean): ArrayBuffer;
  shape(tensor: number): number[];
  dtype(tensor: number): number;
  device(tensor: number): string;
  setGradEnabled(enabled: boolean): boolean;
  setRequiresGrad(tensor: number, required: boolean): void;
  requiresGrad(tensor: number): boolean;
  backward(root: number, gradient: number | undefined, retainGraph: boolean): void;
  gradient(tensor: number): number | null;
  clearGradient(tensor: number): void;
  setThreads(count: number): void;
  threads(): number;
  about(): EngineDescription;
  exponentials(count: number): number;
  missingInstructions(): string;
  makeGenerator(seed: number | bigint, device: string): number;
  dropGenerator(generator: number): void;
  generatorState(generator: number): number;
  setGeneratorState(generator: number, state: number): void;
  profileStart(): void;
  profileStop(): [name: string, backward: boolean, calls: number, milliseconds: number][];
}

const REMEDIES =
  'run `npm run build` (Debian: `apt-get install g++ cmake libtorch-dev libopenblas-dev libdnnl-dev libgloo-dev` first; ' +
  'or set MVHYBRID_LIBTORCH to an unpacked libtorch archive or to the torch folder of an installed PyTorch)';

/** Path of the built addon; the variable serves addons built elsewhere. */
export function addonPath(): string {
  return (
    process.env.MVHYBRID_ADDON ?? fileURLToPath(new URL('../../native/build/mvhybrid.node', import.meta.url))
  );
}

function load(path: string): Addon {
  if (!existsSync(path)) {
    throw new EngineMissingError('engine', {
      need: 'the native addon on libtorch',
      found: `no file ${path}`,
      next: REMEDIES,
    });
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    throw new EngineMissingError('engine', {
      need: 'a native addon that this machine can load',
      found: (error as Error).message.split('\n')[0] ?? 'an unknown error',
      next: REMEDIES,
      cause: error,
    });
  }
}

/**
 * Idle OpenMP threads spin for about a millisecond by default, which on shared cores keeps the other threads of the
 * same operation from running: everything gets several times slower. A tenth of that still bridges the pause
 * between two operations. Only read when the OpenMP library is loaded, so it must be set before.
 */
function limitSpinning(): void {
  if (process.env.OMP_WAIT_POLICY === undefined) process.env.GOMP_SPINCOUNT ??= '2000';
}

function defaultThreads(): number {
  return Math.max(1, availableParallelism());
}

let loaded: Addon | undefined;

/**
 * The addon, loaded on first use so that `--help` works without it.
 *
 * @throws EngineMissingError with every remedy when it is absent, or was built for another machine.
 */
export function native(): Addon {
  if (loaded !== undefined) return loaded;
  limitSpinning();
  const addon = load(addonPath());
  const missing = addon.missingInstructions();
  if (missing !== '') {
    throw new EngineMissingError('engine', {
      need: `a processor with ${missing}, for which the addon was built`,
      found: 'a processor without',
      next: 'rebuild on this machine: npm run build:native',
    });
  }
  // libtorch's own default is one thread on some systems.
  const threads = Number(process.env.MVHYBRID_THREADS ?? process.env.OMP_NUM_THREADS ?? 0);
  if (Number.isInteger(threads) && threads > 0) addon.setThreads(threads);
  else addon.setThreads(defaultThreads());
  loaded = addon;
  return addon;
}
