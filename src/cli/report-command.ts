import { Command } from 'commander';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';

interface Flags {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ mvhybrid report results/
  # then, without a server or a connection
  $ xdg-open results/report.html

Every benchmark writes its report by itself; this command makes it anew from result.json and the files beside it.
report.html is one file that can be sent on; report.md, report.csv and report.json hold the same tables.
`;

export function reportCommand(): Command {
  return new Command('report')
    .summary('the report of a finished run, anew')
    .description(
      'Makes report.html, report.md, report.csv and report.json from the folder of a finished run.',
    )
    .argument('<folder>', 'the --out folder of a benchmark or analysis')
    .option('--json', 'print the list of files as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      runCommand(async (_context, folder: string, flags: Flags) => {
        const { writeReport } = await import('../pipeline/index.ts');
        const files = await writeReport(folder);
        createOutput(flags.json ?? false).result({ files }, () => `written: ${files.join(', ')}`);
      }),
    );
}
