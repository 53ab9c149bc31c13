/** Peers in eager PyTorch: the scripts in peers/, kept running and asked for one run at a time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Absent, Peer } from './peer.ts';

const SCRIPTS = fileURLToPath(new URL('../../../peers/', import.meta.url));
/** Debian's interpreter first: its PyTorch is a package. */
const PYTHON = ['/usr/bin/python3', '/usr/local/bin/python3'].find(existsSync);
const ADVICE = 'PyTorch for Python: apt-get install python3-torch';

/** Starts `peers/<script>` with its arguments; absent where Python or PyTorch is. */
export async function pythonPeer(script: string, args: readonly (string | number)[]): Promise<Peer | Absent> {
  if (PYTHON === undefined) return { absent: ADVICE };
  const child = spawn(PYTHON, [script, ...args.map(String)], {
    cwd: SCRIPTS,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => {
    const { value, done } = await lines.next();
    return done === true ? undefined : value;
  };
  const first = await next();
  if (first === undefined) return { absent: ADVICE };
  const { version, threads } = JSON.parse(first) as { version: string; threads: number };
  return {
    name: `${version}, ${threads} threads`,
    run: async () => {
      child.stdin.write('\n');
      const line = await next();
      if (line === undefined) throw new Error(`peers/${script} ended in the middle of the benchmark`);
      return Number(line);
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
