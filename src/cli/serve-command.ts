import { Command, InvalidArgumentError } from 'commander';
import { nameList, positiveInteger, wholeNumber } from './option-parsers.ts';
import { runCommand } from './run-command.ts';
import { serveFolder } from './serve-run.ts';

interface Flags {
  readonly port?: number;
  readonly host: string;
  readonly token?: string;
  readonly allowHost?: string[];
  readonly threads?: number;
  readonly readOnly?: boolean;
  readonly maxUpload: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # slides, sections and results of a folder, for this machine only
  $ mvhybrid serve demo-results
  # nothing is written into the folder: predictions made in the viewer go when the server ends
  $ mvhybrid serve /data/study --read-only --port 8080
  # for other machines: open the printed link, which holds a random access token
  $ mvhybrid serve /data/study --host 0.0.0.0 --allow-host pathology.example.org

Ctrl-C ends it. What is found in a folder: docs/viewer.md.
`;

function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port > 65_535) throw new InvalidArgumentError('It must be a port from 0 (any free one) to 65535.');
  return port;
}

/** Characters that an address and a cookie carry as they are. */
function accessToken(text: string): string {
  if (/^[\w.~-]{8,200}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 8 to 200 letters, digits or any of . _ ~ -');
}

export function serveCommand(): Command {
  return new Command('serve')
    .summary('a folder of slides and results in the browser')
    .description('Shows slides, measured and predicted expression and benchmarks of a folder in the browser.')
    .argument('<folder>', 'slides, sections, results of other commands; subfolders are searched')
    .option('--port <n>', 'port (default: the first free one from 8000 on)', portNumber)
    .option('--host <name>', 'name or address to listen on', '127.0.0.1')
    .option(
      '--token <text>',
      'access token (default: none on this machine only, else a random one)',
      accessToken,
    )
    .option('--allow-host <names>', 'further names the server is asked for under, between commas', nameList)
    .option(
      '--threads <n>',
      'threads that decode slides (default: cores but one, at most 4)',
      positiveInteger,
    )
    .option('--read-only', 'write nothing into the folder')
    .option('--max-upload <MB>', 'largest file that may be dropped into the viewer', positiveInteger, 1024)
    .option('--json', 'print the address as one line of JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      runCommand(async (context, folder: string, { maxUpload, allowHost, ...flags }: Flags) => {
        const hosts = allowHost === undefined ? {} : { allowHosts: allowHost };
        await serveFolder(context, { folder, ...flags, ...hosts, maxUploadBytes: maxUpload * 2 ** 20 });
      }),
    );
}
