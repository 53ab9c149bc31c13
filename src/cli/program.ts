import { Command } from 'commander';
import { benchCommand } from './bench-command.ts';
import { benchmarkCommand } from './benchmark-command.ts';
import { demoCommand } from './demo-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { embedCommand } from './embed-command.ts';
import { exportCommand } from './export-command.ts';
import { fitCommand } from './fit-command.ts';
import { analyzeCommand } from './frequency-command.ts';
import { modelsCommand } from './models-command.ts';
import { predictCommand } from './predict-command.ts';
import { pretrainCommand } from './pretrain-command.ts';
import { reportCommand } from './report-command.ts';
import { reproduceCommand } from './reproduce-command.ts';
import { serveCommand } from './serve-command.ts';
import { splitsCommand } from './splits-command.ts';
import { tileCommand } from './tile-command.ts';
import { packageVersion } from './version.ts';

/** The command line with all its commands. */
export function createProgram(): Command {
  const program = new Command('mvhybrid')
    .description(
      'Spatial gene expression from H&E slides: MV_Hybrid and its peers, trained, embedded, judged, drawn.',
    )
    .version(packageVersion())
    .option('--verbose', 'add the stack to error messages')
    .showHelpAfterError('(run with --help for examples)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 the work failed (in part), 2 the call was wrong, 130 interrupted.\n',
    );
  for (const make of [
    demoCommand,
    tileCommand,
    embedCommand,
    splitsCommand,
    benchmarkCommand,
    analyzeCommand,
    fitCommand,
    predictCommand,
    reportCommand,
    serveCommand,
    pretrainCommand,
    exportCommand,
    benchCommand,
    reproduceCommand,
    modelsCommand,
    doctorCommand,
  ]) {
    program.addCommand(make());
  }
  return program;
}
