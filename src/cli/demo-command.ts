import { Command } from 'commander';
import type { DemoRun } from '../pipeline/index.ts';
import { benchmarkText } from './benchmark-text.ts';
import { createColors } from './colors.ts';
import { embedProgress } from './embed-progress.ts';
import { positiveInteger, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { formatDuration } from './progress.ts';
import { runCommand } from './run-command.ts';
import { serveFolder } from './serve-run.ts';

interface Flags {
  readonly out: string;
  readonly seed: number;
  readonly spots: number;
  readonly serve?: boolean;
  readonly json?: boolean;
}

const NOTICE =
  'The data of this demo is GENERATED and the encoder has RANDOM weights: the numbers show that everything works, not how good MV_Hybrid is.';

function report({ benchmark, benchmarkFiles, head, prediction, heldOut }: DemoRun): string {
  const lines = [
    benchmarkText(benchmark, benchmarkFiles),
    '',
    `head trained without the last study: ${head}`,
    `prediction of ${heldOut}: ${prediction.table}`,
    ...prediction.maps.map(({ gene, path }) => `map of ${gene}, measured and predicted: ${path}`),
    '',
    NOTICE,
  ];
  return lines.join('\n');
}

/** In the form that works where the demo was started: `npm run` in a clone, or the installed program. */
function howToOpen(folder: string): string {
  const isNpm = process.env.npm_lifecycle_event !== undefined;
  const command = isNpm ? 'npm run serve --' : 'mvhybrid serve';
  return `in the browser: ${command} ${/\s/.test(folder) ? JSON.stringify(folder) : folder}`;
}

const EXAMPLES = `
Examples:
  $ mvhybrid demo --out demo-results
  # and look at slides, measured and predicted genes, and the benchmark in the browser
  $ mvhybrid demo --serve
`;

export function demoCommand(): Command {
  return new Command('demo')
    .summary('the whole way on generated data, in minutes')
    .description(
      'Generates three small studies, embeds them, benchmarks, trains a head and predicts a study it has not seen.',
    )
    .option('--out <folder>', 'where everything goes; emptied first', 'demo-results')
    .option('--seed <n>', 'seed of data and weights', wholeNumber, 0)
    .option('--spots <n>', 'spots per section', positiveInteger, 60)
    .option('--serve', 'then show the results in the browser, until Ctrl-C')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      runCommand(async (context, flags: Flags) => {
        const { runDemo } = await import('../pipeline/index.ts');
        const colors = createColors(process.stderr);
        process.stderr.write(`${colors.yellow(NOTICE)}\n`);
        const start = performance.now();
        using progress = embedProgress();
        const run = await runDemo({
          folder: flags.out,
          seed: flags.seed,
          spotsPerSection: flags.spots,
          onStage: (stage) => {
            progress.stop();
            process.stderr.write(
              `${colors.bold(`[${formatDuration(performance.now() - start)}]`)} ${stage}\n`,
            );
          },
          embed: { onProgress: progress.onProgress },
        });
        progress.stop();
        createOutput(flags.json ?? false).result(run, report);
        process.stderr.write(`done in ${formatDuration(performance.now() - start)}\n`);
        if (flags.serve) await serveFolder(context, { folder: flags.out });
        else process.stderr.write(`${howToOpen(flags.out)}\n`);
      }),
    );
}
