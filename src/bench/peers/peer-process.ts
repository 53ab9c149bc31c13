/** Peers in processes of their own: they run the work whenever a line arrives, and answer with its milliseconds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Absent, Peer } from './peer.ts';

/** Where the peers' scripts are. */
export const PEERS = new URL('../../../peers/', import.meta.url);

/**
 * Starts a program in peers/. Its first line says what it is: `{"version": ..., "threads": ...}`.
 *
 * @param advice how to install what it needs, said when it ends before that line
 */
export async function peerProcess(
  program: string,
  args: readonly (string | number)[],
  advice: string,
): Promise<Peer | Absent> {
  const child = spawn(program, args.map(String), {
    cwd: fileURLToPath(PEERS),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => {
    const { value, done } = await lines.next();
    return done === true ? undefined : value;
  };
  const first = await next();
  if (first === undefined) return { absent: advice };
  const { version, threads } = JSON.parse(first) as { version: string; threads: number };
  return {
    name: `${version}, ${threads} threads`,
    run: async () => {
      child.stdin.write('\n');
      const line = await next();
      if (line === undefined) throw new Error(`peers/${args[0]} ended in the middle of the benchmark`);
      return Number(line);
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
