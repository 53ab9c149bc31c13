/** Starts several copies of this command line as one training group on this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** How long the others may take to notice that one has died, before they are ended. */
const GRACE_MS = 25_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function startRank(rank: number, size: number, port: number, args: readonly string[]): ChildProcess {
  const threads = Math.max(1, Math.floor(availableParallelism() / size));
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    // The channel tells a child that its parent is gone; an own process group leaves Ctrl-C to the parent.
    stdio: ['ignore', rank === 0 ? 'inherit' : 'ignore', rank === 0 ? 'inherit' : 'pipe', 'ipc'],
    detached: true,
    env: {
      MVHYBRID_THREADS: String(threads),
      ...process.env,
      MASTER_ADDR: '127.0.0.1',
      MASTER_PORT: String(port),
      RANK: String(rank),
      WORLD_SIZE: String(size),
    },
  });
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) =>
      process.stderr.write(`[rank ${rank}] ${line}\n`),
    );
  }
  return child;
}

/** Exit code, or 128 + signal number by the usual convention. */
function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
}

export interface LaunchOptions {
  /** Number of processes. */
  readonly size: number;
  /** Arguments of every process, without the one that asks for several. */
  readonly args: readonly string[];
  /** Called with a function that passes a signal on to all processes. */
  readonly onStart: (forward: (signal: 'SIGINT' | 'SIGTERM') => void) => void;
}

/**
 * Runs all processes to their end. When one fails, the others get 25 s to fail by themselves and are then ended.
 *
 * @returns 0 when all ended well, else the first failure's exit code and its rank.
 */
export async function launchProcesses({
  size,
  args,
  onStart,
}: LaunchOptions): Promise<{ readonly code: number; readonly rank: number }> {
  const port = await freePort();
  const children = Array.from({ length: size }, (_, rank) => startRank(rank, size, port, args));
  onStart((signal) => {
    for (const child of children) child.kill(signal);
  });
  let first: { code: number; rank: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  await Promise.all(
    children.map(async (child, rank) => {
      const code = await ended(child);
      if (code === 0 || first !== undefined) return;
      first = { code, rank };
      timer = setTimeout(() => {
        for (const other of children) other.kill('SIGKILL');
      }, GRACE_MS);
    }),
  );
  clearTimeout(timer);
  return first ?? { code: 0, rank: 0 };
}
