/**
 * The program behind `npm run bench`: measures the hot paths and prints a table.
 *
 *   npm run bench -- [--json] [--threads N] [--seconds S] [name ...]
 */
import { parseArgs } from 'node:util';
import { isMvHybridError, UsageError } from '../errors.ts';
import { formatBenchReport } from './report.ts';
import { runBench } from './run.ts';

function positive(text: string, option: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError('bench', { need: `a positive number for ${option}`, found: text });
  return value;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      threads: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '4' },
    },
  });
  const report = runBench({
    only: positionals,
    threads: positive(values.threads, '--threads'),
    budgetMs: 1000 * positive(values.seconds, '--seconds'),
    onCase: (name) => {
      if (process.stderr.isTTY) process.stderr.write(`${name}\n`);
    },
  });
  process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : formatBenchReport(report)}\n`);
}

try {
  main();
} catch (error) {
  const usage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!isMvHybridError(error) && usage !== true) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = usage === true ? 2 : 1;
}
