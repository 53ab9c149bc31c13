import { Command, Option } from 'commander';
import { type ClassTokenPlace, formatBlockSpectra, formatPoleSurvey } from '../eval/frequency/index.ts';
import type { FrequencyRun } from '../pipeline/index.ts';
import { addBackboneOptions, addComputeOptions, type EncoderFlags } from './encoder-options.ts';
import { titled } from './labelled-options.ts';
import { inputSide, positiveInteger } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { runCommand } from './run-command.ts';

interface Flags extends Omit<EncoderFlags, 'features' | 'patchUm'> {
  readonly out: string;
  readonly most?: number;
  readonly classToken?: ClassTokenPlace;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ mvhybrid analyze frequency tiles/ --weights mvhybrid.pth --most 200 --out frequency/
  # a transformer for comparison
  $ mvhybrid analyze frequency tiles/ --backbone vit-12 --random-init 0 --out frequency-vit/

Spectra: log amplitude of the tokens after every block along the diagonal, relative to frequency 0 (Park and Kim 2022),
and the share of power at low frequencies. Poles: what the state-space layers would forget how fast if their step were
frozen at its own leaning; a real layer chooses its step from its input.
Writes result.json and the report.
`;

function text({ spectra, poles }: FrequencyRun, files: readonly string[]): string {
  return [
    titled(spectra.card.task, formatBlockSpectra(spectra)),
    poles === null ? 'no state-space layers' : titled(poles.card.task, formatPoleSurvey(poles)),
    ...spectra.card.undefinedValues,
    `written: ${files.join(', ')}`,
  ].join('\n\n');
}

export function frequencyCommand(): Command {
  const command = new Command('frequency')
    .summary('which spatial frequencies a backbone keeps')
    .description('Spectra of tokens block by block, and effective poles of state-space layers.')
    .argument('<pictures>', 'a folder of square pictures, all of the size given with --size')
    .requiredOption('--out <folder>', 'where result and report go')
    .option('--most <n>', 'use the first n pictures by name (default: all)', positiveInteger)
    .addOption(
      new Option('--class-token <place>', 'where it stands (default: by backbone)').choices([
        'first',
        'middle',
        'none',
      ]),
    );
  addComputeOptions(addBackboneOptions(command))
    .option('--size <px>', 'side of the pictures', inputSide, 224)
    .option('--batch <n>', 'pictures per forward pass', positiveInteger, 16)
    .option('--json', 'print the whole result as JSON')
    .addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async ({ signal }, folder: string, flags: Flags) => {
      const { analyzeFrequency, writeRun } = await import('../pipeline/index.ts');
      const { backbone, weights, randomInit, device, threads, size: sizePx, batch, most, classToken } = flags;
      const encoder = { backbone, weights, randomInit, device, threads, sizePx, batch };
      const run = await analyzeFrequency(folder, encoder, { most, classToken, signal });
      const files = await writeRun(flags.out, run);
      createOutput(flags.json ?? false).result(run, (value) => text(value, files));
    }),
  );
}

export function analyzeCommand(): Command {
  return new Command('analyze')
    .summary('look into an encoder')
    .description('Looks into an encoder without a task.')
    .addCommand(frequencyCommand());
}
