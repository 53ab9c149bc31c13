import { Command } from 'commander';
import type { EngineReport } from '../pipeline/index.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';
import { formatTable } from './table.ts';
import { packageVersion } from './version.ts';

function report({ engine, threads, gflops, remarks }: EngineReport): string {
  const rows = [
    ['mvhybrid', packageVersion()],
    ['Node.js', process.versions.node],
    ['libtorch', engine.libtorch],
    ['BLAS', engine.blas],
    ['matrix products', engine.matmul],
    ['kernel vectors', `${engine.vectorWidth} floats`],
    ['threads', String(threads)],
    ['devices', engine.cuda ? `cpu, ${engine.cudaDevices} CUDA` : 'cpu'],
    ['measured', `${gflops.toFixed(1)} GFLOP/s in float32 matrix products`],
  ];
  const lines = remarks.length === 0 ? ['nothing is missing'] : remarks.map((remark) => `note: ${remark}`);
  return `${formatTable(['what', 'found'], rows)}\n${lines.join('\n')}`;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('what computes here, how fast, and what is missing')
    .description(
      'Checks the compute engine: versions, BLAS, threads, devices, measured speed, what is missing.',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ mvhybrid doctor\n\nExit code 1 when there is no usable engine.\n')
    .action(
      runCommand(async (_context, flags: { readonly json?: boolean }) => {
        const { checkEngine } = await import('../pipeline/index.ts');
        createOutput(flags.json ?? false).result(checkEngine(), report);
      }),
    );
}
