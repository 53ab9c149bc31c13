import { EventEmitter } from 'node:events';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type CommandContext, type CommandHost, runCommand, runProgram } from '../../src/cli/run-command.ts';
import { DataError, UsageError } from '../../src/errors.ts';

class FakeStream extends EventEmitter {
  text = '';
  write(text: string): void {
    this.text += text;
  }
}

function fakeHost() {
  const exits: number[] = [];
  const [stdout, stderr, signals] = [new FakeStream(), new FakeStream(), new EventEmitter()];
  const host: CommandHost = { stdout, stderr, signals, exit: (code) => void exits.push(code) };
  return { host, exits, stdout, stderr, signals };
}

/** Runs `mvhybrid embed <image> ...` with the action given. */
async function run(
  action: (context: CommandContext, image: string, options: { level?: string }) => void | Promise<void>,
  args = ['embed', 'a.tif'],
  fake = fakeHost(),
) {
  const program = new Command('mvhybrid').option('--verbose').version('1.2.3');
  program.command('embed').argument('<image>').option('--level <n>').action(runCommand(action));
  const [out, err] = [new FakeStream(), new FakeStream()];
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
    });
  }
  const code = await runProgram(program, ['node', 'mvhybrid', ...args], fake.host);
  return { code, commander: { out: out.text, err: err.text }, ...fake };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('exit codes', () => {
  it('0 with arguments passed on after the context', async () => {
    const seen: unknown[] = [];
    const { code, stderr } = await run(
      (_, image, options) => void seen.push(image, options.level),
      ['embed', 'a.tif', '--level', '3'],
    );
    expect([code, stderr.text, seen]).toEqual([0, '', ['a.tif', '3']]);
  });

  it('2 and one line for a wrong call, 1 and one line for a bad file', async () => {
    const usage = await run(() => {
      throw new UsageError('embed', { need: 'an image', found: 'a folder', next: 'name a file' });
    });
    expect([usage.code, usage.stderr.text]).toEqual([
      2,
      'error: embed: needed an image, found a folder; name a file\n',
    ]);
    const data = await run(async () => {
      throw new DataError('embed', { need: 'counts', found: 'NaN' });
    });
    expect([data.code, data.stderr.text]).toEqual([1, 'error: embed: needed counts, found NaN\n']);
  });

  it('1 and one line for an unexpected error, with its stack and causes only under --verbose', async () => {
    const broken = () => {
      throw new Error('x is undefined\nsecond line', { cause: new Error('deeper') });
    };
    const short = await run(broken);
    expect([short.code, short.stderr.text]).toEqual([
      1,
      'internal error: x is undefined, run with --verbose for the stack\n',
    ]);
    const long = await run(broken, ['--verbose', 'embed', 'a.tif']);
    expect(long.code).toBe(1);
    expect(long.stderr.text).toMatch(
      /^internal error: x is undefined\nError: x is undefined\nsecond line\n +at /,
    );
    expect(long.stderr.text).toContain('\ncaused by: Error: deeper\n');
  });

  it("2 for commander's own complaints, also in subcommands, 0 for help and version", async () => {
    const never = () => expect.unreachable();
    const unknown = await run(never, ['embed', 'a.tif', '--levle', '3']);
    expect([unknown.code, unknown.commander.err]).toEqual([
      2,
      "error: unknown option '--levle'\n(Did you mean --level?)\n",
    ]);
    expect((await run(never, ['embed'])).code).toBe(2);
    expect((await run(never, ['nothing'])).code).toBe(2);
    expect((await run(never, ['embed', '--help'])).code).toBe(0);
    const version = await run(never, ['--version']);
    expect([version.code, version.commander.out]).toEqual([0, '1.2.3\n']);
  });
});

describe('cleanup', () => {
  it('runs last to first after success and failure; the first error counts', async () => {
    const order: string[] = [];
    const action = (context: CommandContext) => {
      context.onExit(() => void order.push('first'));
      context.onExit(() => {
        order.push('second');
        throw new Error('cleanup failed');
      });
    };
    const success = await run(action);
    expect([success.code, success.stderr.text]).toEqual([
      1,
      'internal error: cleanup failed, run with --verbose for the stack\n',
    ]);
    const failure = await run((context) => {
      action(context);
      throw new DataError('embed', { need: 'a', found: 'b' });
    });
    expect([failure.code, failure.stderr.text]).toEqual([1, 'error: embed: needed a, found b\n']);
    expect(order).toEqual(['second', 'first', 'second', 'first']);
  });

  it('Ctrl-C aborts the signal, waits for cleanups and exits with 130', async () => {
    const fake = fakeHost();
    const order: string[] = [];
    const { code } = await run(
      async (context) => {
        context.onExit(async () => {
          await settled();
          order.push('cleaned');
        });
        const aborted = new Promise((_, reject) => {
          context.signal.addEventListener('abort', () => reject(context.signal.reason));
        });
        fake.signals.emit('SIGINT');
        order.push('signalled');
        expect(fake.exits).toEqual([]);
        await aborted;
      },
      undefined,
      fake,
    );
    await settled();
    expect([code, fake.exits, order]).toEqual([130, [130], ['signalled', 'cleaned']]);
    expect(fake.stderr.text).toBe('interrupted\n');
    expect(fake.signals.listenerCount('SIGINT')).toBe(0);
  });

  it('a second Ctrl-C does not wait', async () => {
    const fake = fakeHost();
    await run(
      (context) => {
        context.onExit(settled as () => Promise<void>);
        fake.signals.emit('SIGINT');
        fake.signals.emit('SIGINT');
        expect(fake.exits).toEqual([130]);
      },
      undefined,
      fake,
    );
  });
});

describe('streams', () => {
  it('ends quietly when the reader of a pipe is gone, also after the command is done', async () => {
    const { stdout, exits, stderr, code } = await run(() => {});
    stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await settled();
    expect([code, exits, stderr.text]).toEqual([0, [0], '']);
  });

  it('reports a full disk and errors thrown outside of the command', async () => {
    const { stdout, exits, stderr } = await run(() => {});
    stdout.emit('error', Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' }));
    await settled();
    expect([exits, stderr.text]).toEqual([
      [1],
      'internal error: write ENOSPC, run with --verbose for the stack\n',
    ]);
    const fake = fakeHost();
    await run(() => void fake.signals.emit('uncaughtException', new Error('late')), undefined, fake);
    await settled();
    expect([fake.exits, fake.stderr.text]).toEqual([
      [1],
      'internal error: late, run with --verbose for the stack\n',
    ]);
  });
});
