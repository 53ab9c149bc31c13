/** Peers in eager PyTorch. */
import { existsSync } from 'node:fs';
import type { Absent, Peer } from './peer.ts';
import { peerProcess } from './peer-process.ts';

/** Debian's interpreter first: its PyTorch is a package. */
const PYTHON = ['/usr/bin/python3', '/usr/local/bin/python3'].find(existsSync);
const ADVICE = 'PyTorch for Python: apt-get install python3-torch';

/** Starts `peers/<script>` with its arguments; absent where Python or PyTorch is. */
export async function pythonPeer(script: string, args: readonly (string | number)[]): Promise<Peer | Absent> {
  return PYTHON === undefined ? { absent: ADVICE } : peerProcess(PYTHON, [script, ...args], ADVICE);
}
