/** Runs other programs for the set-up: quiet when they succeed, their whole output in the error when not. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/** True when a program of this name is on the PATH. */
export function onPath(program, path = process.env.PATH || '') {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder || '.', program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs a program to its end. Its standard input is the terminal's (sudo may ask for a password there).
 *
 * @param {string[]} command program and arguments
 * @param {{cwd?: string}} [options]
 * @returns {{ok: boolean, how: string, output: string}} `how` it failed, e.g. `exit code 2`
 */
export function runTool([program, ...args], { cwd } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    stdio: ['inherit', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  const output = `${result.stdout || ''}${result.stderr || ''}`;
  if (result.error) return { ok: false, how: result.error.message, output };
  if (result.status === 0) return { ok: true, how: '', output };
  return { ok: false, how: result.signal ? `signal ${result.signal}` : `exit code ${result.status}`, output };
}

/**
 * {@link runTool}, and a {@link SetupError} unless it succeeds.
 *
 * @param {string} operation for the message, e.g. `npm ci`
 * @param {string[]} command
 * @param {{cwd?: string, next: string}} options `next`: what the user can do about a failure
 */
export function requireTool(operation, command, { cwd, next }) {
  const { ok, how, output } = runTool(command, { cwd });
  if (!ok)
    throw new SetupError(
      `${operation}: needed \`${command.join(' ')}\` to succeed, found ${how}; ${next}`,
      output,
    );
  return output;
}
