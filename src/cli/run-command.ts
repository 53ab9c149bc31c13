/**
 * From a thrown error to one line on stderr and an exit code: 0 done, 1 failed, 2 the call was wrong,
 * 130 interrupted with Ctrl-C.
 */
import { type Command, CommanderError } from 'commander';
import { isMvHybridError, UsageError } from '../errors.ts';
import { createColors } from './colors.ts';

export const EXIT_OK = 0;
export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

type Cleanup = () => void | Promise<void>;

/** What a command's code gets besides its arguments. */
export interface CommandContext {
  /** Aborted by Ctrl-C; pass it on to whatever takes one. */
  readonly signal: AbortSignal;
  /** Registers work for the end of the command, also after failure and Ctrl-C; last registered runs first. */
  onExit(cleanup: Cleanup): void;
  /**
   * Takes over the first Ctrl-C (and SIGTERM): `handler` is called and the command goes on to its own end, with exit
   * code 0. A second one ends the process at once.
   */
  onInterrupt(handler: () => void): void;
  /** The command went on to its end, but a part of its work failed: exit code 1. */
  markFailed(): void;
}

/** The process as this module uses it; tests pass their own. */
export interface CommandHost {
  readonly stdout: NodeJS.EventEmitter;
  readonly stderr: NodeJS.EventEmitter & { write(text: string): unknown; isTTY?: boolean };
  /** Receives `SIGINT`, `SIGTERM` and `uncaughtException` events. */
  readonly signals: NodeJS.EventEmitter;
  exit(code: number): void;
}

const PROCESS_HOST: CommandHost = {
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  exit: (code) => process.exit(code),
};

/** The one line (or, with `verbose`, the line and the stack) for an error. */
export function describeFailure(error: unknown, verbose: boolean): string {
  const stack = error instanceof Error ? `${error.stack}${causes(error)}` : String(error);
  if (isMvHybridError(error)) return verbose ? `${error.message}\n${stack}` : error.message;
  const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0];
  return verbose
    ? `internal error: ${reason}\n${stack}`
    : `internal error: ${reason}, run with --verbose for the stack`;
}

function causes(error: Error): string {
  const { cause } = error;
  if (cause === undefined) return '';
  if (!(cause instanceof Error)) return `\ncaused by: ${String(cause)}`;
  return `\ncaused by: ${cause.stack}${causes(cause)}`;
}

/** 2 when the call was wrong, else 1. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}

/** One run of a command line: its interruption and its cleanups. */
class Session {
  readonly #abort = new AbortController();
  readonly #cleanups: Cleanup[] = [];
  #finishing: Promise<unknown[]> = Promise.resolve([]);
  interrupted = false;
  partlyFailed = false;
  takeOver: (() => void) | undefined;
  handedOver = false;

  readonly context: CommandContext = {
    signal: this.#abort.signal,
    onExit: (cleanup) => void this.#cleanups.push(cleanup),
    onInterrupt: (handler) => {
      this.takeOver = handler;
    },
    markFailed: () => {
      this.partlyFailed = true;
    },
  };

  abort(): void {
    this.interrupted = true;
    this.#abort.abort();
  }

  /**
   * Runs every cleanup once, also when another one fails, and returns the failures. The end of a command and
   * Ctrl-C may both call it: each call waits for the cleanups that the other has begun.
   */
  finish(): Promise<unknown[]> {
    this.#finishing = this.#finishing.then(async (failures) => {
      for (let cleanup = this.#cleanups.pop(); cleanup !== undefined; cleanup = this.#cleanups.pop()) {
        try {
          await cleanup();
        } catch (error) {
          failures.push(error);
        }
      }
      return failures;
    });
    return this.#finishing;
  }
}

/** The run that a program (root command) is in. */
const sessions = new WeakMap<Command, Session>();

function sessionOf(command: unknown): Session {
  let root = command as Command;
  while (root.parent) root = root.parent;
  return sessions.get(root) ?? new Session();
}

/**
 * Makes a commander action out of a function that takes the {@link CommandContext} first, then what commander
 * passes (arguments, options, command). Errors go on to {@link runProgram}; the command's own error before one
 * of its cleanups.
 */
export function runCommand<A extends unknown[]>(
  action: (context: CommandContext, ...args: A) => void | Promise<void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const session = sessionOf(args.at(-1));
    try {
      await action(session.context, ...args);
    } catch (error) {
      await session.finish();
      throw error;
    }
    const failures = await session.finish();
    if (failures.length > 0) throw failures[0];
  };
}

/** Makes commander throw instead of ending the process, in every subcommand. */
function overrideExits(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExits(child);
}

/** Prints an error the way its kind asks for and returns its exit code. */
function report(error: unknown, verbose: boolean, host: CommandHost): number {
  const prefix = isMvHybridError(error) ? `${createColors(host.stderr).red('error:')} ` : '';
  host.stderr.write(`${prefix}${describeFailure(error, verbose)}\n`);
  return exitCodeOf(error);
}

/** Connects signals and broken streams to a session; returns how to disconnect the signals. */
function attach(session: Session, host: CommandHost, isVerbose: () => boolean): () => void {
  const endWith = async (code: number) => {
    await session.finish();
    host.exit(code);
  };
  const onInterrupt = () => {
    const { takeOver } = session;
    if (takeOver !== undefined) {
      session.takeOver = undefined;
      session.handedOver = true;
      takeOver();
      return;
    }
    if (session.interrupted || session.handedOver) {
      host.exit(EXIT_INTERRUPTED);
      return;
    }
    session.abort();
    host.stderr.write(host.stderr.isTTY ? '\ninterrupted\n' : 'interrupted\n');
    void endWith(EXIT_INTERRUPTED);
  };
  const onUncaught = (error: unknown) => void endWith(report(error, isVerbose(), host));
  const onStreamError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') void endWith(EXIT_OK);
    else onUncaught(error);
  };
  host.signals.on('SIGINT', onInterrupt);
  host.signals.on('SIGTERM', onInterrupt);
  host.signals.on('uncaughtException', onUncaught);
  // These stay: output may still be on its way when the command is done.
  host.stdout.on('error', onStreamError);
  host.stderr.on('error', onStreamError);
  return () => {
    host.signals.off('SIGINT', onInterrupt);
    host.signals.off('SIGTERM', onInterrupt);
    host.signals.off('uncaughtException', onUncaught);
  };
}

/**
 * Parses the command line, runs the command and returns the exit code; never throws. The entry point does
 * `process.exitCode = await runProgram(program, process.argv)`.
 *
 * Ctrl-C aborts the signal, runs the cleanups and ends the process with 130; a second one ends it at once.
 * A reader that closes the pipe early (`| head`) ends the process quietly with 0.
 *
 * @param program all commands registered; an option `--verbose` of it (or of a command) adds stacks to errors.
 */
export async function runProgram(
  program: Command,
  argv: readonly string[],
  host: CommandHost = PROCESS_HOST,
): Promise<number> {
  const session = new Session();
  sessions.set(program, session);
  overrideExits(program);
  const isVerbose = () => argv.includes('--verbose');
  const detach = attach(session, host, isVerbose);
  try {
    await program.parseAsync([...argv]);
    if (session.interrupted) return EXIT_INTERRUPTED;
    return session.partlyFailed ? EXIT_FAILURE : EXIT_OK;
  } catch (error) {
    if (session.interrupted) return EXIT_INTERRUPTED;
    // Commander has printed its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    return report(error, isVerbose(), host);
  } finally {
    detach();
  }
}
