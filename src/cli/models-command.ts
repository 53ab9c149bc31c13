import { Command } from 'commander';
import type { BackboneFacts } from '../backbones/facts.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';
import { type ColumnSpec, formatTable } from './table.ts';

const COLUMNS: readonly ColumnSpec[] = [
  'name',
  'blocks',
  { header: 'parameters', align: 'right' },
  { header: 'GFLOP at 224 px', align: 'right' },
  { header: 'at 256 px', align: 'right' },
];

function report(models: readonly BackboneFacts[]): string {
  const rows = models.map(({ name, layout, parameters, gflops }) => [
    name,
    layout,
    parameters.toLocaleString('en-US'),
    gflops.px224.toFixed(1),
    gflops.px256.toFixed(1),
  ]);
  const notes = models.map(
    ({ name, known, inferred }) => `${name}\n  known:    ${known}\n  inferred: ${inferred}`,
  );
  return [formatTable(COLUMNS, rows), ...notes].join('\n\n');
}

export function modelsCommand(): Command {
  return new Command('models')
    .summary('the backbones: sizes, cost, what is known and what inferred')
    .description(
      'Lists the backbones with their blocks, parameters and operations per patch, and says of each what its authors published and what was inferred.',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ mvhybrid models --json\n')
    .action(
      runCommand(async (_context, flags: { readonly json?: boolean }) => {
        const { describeBackbones } = await import('../backbones/index.ts');
        createOutput(flags.json ?? false).result(describeBackbones(), report);
      }),
    );
}
