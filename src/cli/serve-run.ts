/** Serving until Ctrl-C, for `serve` and `demo --serve`. */
import type { StartOptions } from '../server/index.ts';
import type { CommandContext } from './run-command.ts';

export interface ServeRunOptions extends StartOptions {
  readonly json?: boolean;
}

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;

/** Prints the address, serves, and returns after Ctrl-C or SIGTERM. */
export async function serveFolder(
  { onInterrupt, onExit }: CommandContext,
  { json = false, ...options }: ServeRunOptions,
): Promise<void> {
  const { APP_MISSING, startServer } = await import('../server/index.ts');
  const ended = new Promise<void>((resolve) => onInterrupt(resolve));
  const server = await startServer(options);
  onExit(() => server.close());
  const { address, fromElsewhere, hasApp, parts } = server;
  process.stdout.write(json ? `${JSON.stringify({ address })}\n` : `${address}\n`);
  if (fromElsewhere !== undefined) process.stderr.write(`from other machines: ${fromElsewhere}\n`);
  if (!hasApp) process.stderr.write(`${APP_MISSING}\n`);
  let isEnding = false;
  parts.catalogue.refresh().then(
    ({ slides, tables, runs, problems }) => {
      if (isEnding) return;
      const found = [
        counted(slides.size, 'slide'),
        counted(tables.size, 'table'),
        counted(runs.size, 'run'),
      ].join(', ');
      const unread =
        problems.length > 0 ? `, ${counted(problems.length, 'problem')} (listed in the viewer)` : '';
      process.stderr.write(`${options.folder}: ${found}${unread}; Ctrl-C ends\n`);
    },
    (error: Error) => process.stderr.write(`${error.message}\n`),
  );
  await ended;
  isEnding = true;
  process.stderr.write('ending\n');
}
