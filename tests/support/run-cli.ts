import { EventEmitter } from 'node:events';
import { vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { runProgram } from '../../src/cli/run-command.ts';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Messages without the lines that only a slow machine gets to see. */
export function withoutProgress(err: string): string {
  return err.replace(/^\S.*: \d+(?: of \d+)? \w+(?:, | in ).*\w+\/s\b.*\n/gm, '');
}

/** Runs one command line in this process, as `mvhybrid <args>`. */
export async function runCli(...args: string[]): Promise<CliRun> {
  const texts = { out: '', err: '' };
  const capture = (key: keyof typeof texts) => (chunk: unknown) => {
    texts[key] += String(chunk);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(capture('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(capture('err')),
  ];
  try {
    // Not the process's own streams, whose error listeners would pile up.
    const stderr = Object.assign(new EventEmitter(), { write: capture('err') });
    const host = { stdout: new EventEmitter(), stderr, signals: new EventEmitter(), exit: () => undefined };
    const code = await runProgram(createProgram(), ['node', 'mvhybrid', ...args], host);
    return { code, out: texts.out, err: withoutProgress(texts.err) };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
