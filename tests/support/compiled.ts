/** Runs a TypeScript file of the tests in processes of its own. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPath } from '../../src/tensor/native.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Compiles `entry` (from the project's root) and all it imports; `remove` deletes the result. */
export function compileEntry(entry: string): { readonly script: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mvhybrid-compiled-'));
  const options = {
    noEmit: false,
    noCheck: true,
    outDir: folder,
    rootDir: ROOT,
    allowImportingTsExtensions: false,
    rewriteRelativeImportExtensions: true,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions: options, include: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, files: [join(ROOT, entry)] }));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const made = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`tsc of ${entry}: ${made.stdout}${made.stderr}`);
  return {
    script: join(folder, entry.replace(/\.ts$/, '.js')),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** How a process ended and what it sent. */
export interface ProcessEnd<T> {
  readonly messages: readonly T[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly tookMs: number;
}

/** Starts a compiled script with one JSON argument and waits for its end. */
export function runProcess<T>(script: string, argument: unknown): Promise<ProcessEnd<T>> {
  const started = performance.now();
  const child: ChildProcess = fork(script, [JSON.stringify(argument)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, MVHYBRID_ADDON: addonPath(), MVHYBRID_THREADS: '1' },
    execArgv: [],
  });
  const messages: T[] = [];
  let stderr = '';
  child.on('message', (message) => messages.push(message as T));
  child.stderr!.on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ messages, code, signal, stderr, tookMs: performance.now() - started }),
    );
  });
}

/** A port of loopback that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
