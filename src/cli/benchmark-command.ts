import { Command } from 'commander';
import { expressionCommand } from './expression-command.ts';

export function benchmarkCommand(): Command {
  return new Command('benchmark')
    .summary('judge an encoder')
    .description('Judges an encoder on a task.')
    .addCommand(expressionCommand());
}
