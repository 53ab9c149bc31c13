/** Runs one job in a process of its own, which can be ended at any time. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JobMessage, JobWork } from './job-work.ts';

/** How a job's process ended. */
export type JobEnd = { readonly table: string } | { readonly failure: string };

export interface JobChild {
  readonly end: Promise<JobEnd>;
  /** Ends the process at once; `end` then tells of a failure. */
  kill(): void;
}

/** Last part of its output that is passed on when it crashes. */
const TAIL = 4_000;

/** The compiled entry beside this file; where this runs as TypeScript (under the test runner), its compiled twin. */
function processEntry(): string {
  const here = import.meta.url;
  const compiled = here.endsWith('.ts') ? here.replace(/\/src\/(?=server\/jobs\/)/, '/dist/') : here;
  return fileURLToPath(new URL('./job-process.js', compiled));
}

export function startJobChild(
  work: JobWork,
  onProgress: (message: Extract<JobMessage, { kind: 'progress' }>) => void,
): JobChild {
  const child = fork(processEntry(), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-TAIL);
  });
  const end = new Promise<JobEnd>((resolve) => {
    let outcome: JobEnd | undefined;
    child.on('message', (message: JobMessage) => {
      if (message.kind === 'progress') onProgress(message);
      else outcome = message.kind === 'done' ? { table: message.table } : { failure: message.message };
    });
    child.on('error', (error) => {
      outcome ??= { failure: `The prediction could not be started (${error.message}).` };
      if (child.pid === undefined) resolve(outcome);
    });
    child.on('close', (code, signal) => {
      if (errors !== '') process.stderr.write(errors);
      resolve(
        outcome ?? { failure: `The prediction stopped before its end (${signal ?? `exit code ${code}`}).` },
      );
    });
  });
  child.send(work, () => undefined);
  return { end, kill: () => void child.kill('SIGKILL') };
}
