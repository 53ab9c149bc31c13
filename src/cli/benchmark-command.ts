import { Command } from 'commander';
import { classificationCommand } from './classification-command.ts';
import { expressionCommand } from './expression-command.ts';
import { retrievalCommand } from './retrieval-command.ts';
import { survivalCommand } from './survival-command.ts';

export function benchmarkCommand(): Command {
  return new Command('benchmark')
    .summary('judge an encoder')
    .description('Judges an encoder on a task.')
    .addCommand(expressionCommand())
    .addCommand(classificationCommand())
    .addCommand(retrievalCommand())
    .addCommand(survivalCommand());
}
