import { Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import {
  type ClassTokenPlace,
  formatBandAblation,
  formatBlockSpectra,
  formatPoleContrast,
  formatPoleSurvey,
} from '../eval/frequency/index.ts';
import { SPLIT_NAMES, type SplitName } from '../eval/index.ts';
import type { BandNoiseRun, FrequencyRun } from '../pipeline/index.ts';
import {
  addCohortOptions,
  addPatchOriginOptions,
  type CohortFlags,
  type PatchOriginFlags,
  readSections,
  reportFailures,
} from './cohort-options.ts';
import { embedProgress } from './embed-progress.ts';
import { addEncoderOptions, type EncoderFlags, encoderSettings } from './encoder-options.ts';
import { titled } from './labelled-options.ts';
import { positiveInteger, positiveNumber, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { addProbeOptions, type ProbeFlags, probeOptions, targetOptions } from './probe-options.ts';
import { type CommandContext, runCommand } from './run-command.ts';

interface NoiseFlags extends CohortFlags, PatchOriginFlags, ProbeFlags {
  readonly noiseBands?: string;
  readonly bands: number;
  readonly noiseRms: number;
  readonly noiseSeed: number;
  readonly split?: SplitName;
  readonly folds: number;
  readonly splitSeed: number;
}

interface Flags extends EncoderFlags, NoiseFlags {
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
  # and what noise in each of five bands costs the prediction of expression
  $ mvhybrid analyze frequency tiles/ --weights mvhybrid.pth --noise-bands cohort/ --out frequency/

Spectra: log amplitude of the tokens after every block along the diagonal, relative to frequency 0 (Park and Kim 2022),
and the share of power at low frequencies. Poles: what the state-space layers would forget how fast if their step were
frozen at its own leaning; a real layer chooses its step from its input. Noise: heads are fitted on clean training
patches; the test patches then get noise of equal strength in one band of frequencies after the other.
Writes result.json and the report.
`;

/** Options that only the noise uses. */
const NOISE_OPTIONS = [
  ...['bands', 'noiseRms', 'noiseSeed', 'split', 'folds', 'splitSeed', 'features', 'patchUm'],
  ...['genes', 'geneCount', 'geneList', 'minSpotFraction', 'normalizeTotal', 'pca', 'alpha', 'intercept'],
  ...['sections', 'matrix', 'unplacedCounts', 'patches', 'precutMpp'],
];

function text({ spectra, poles, contrast, noise }: FrequencyRun, files: readonly string[]): string {
  return [
    titled(spectra.card.task, formatBlockSpectra(spectra)),
    poles === null ? 'no state-space layers' : titled(poles.card.task, formatPoleSurvey(poles)),
    ...(contrast === null ? [] : [titled(contrast.card.task, formatPoleContrast(contrast))]),
    ...(noise === null ? [] : [titled(`${noise.card.task}, ${noise.split}`, formatBandAblation(noise))]),
    ...spectra.card.undefinedValues,
    ...(noise?.card.undefinedValues ?? []),
    `written: ${files.join(', ')}`,
  ].join('\n\n');
}

function addNoiseOptions(command: Command): Command {
  command
    .optionsGroup('Noise in bands of frequencies:')
    .option('--noise-bands <cohort>', 'measure what it costs on this cohort')
    .option('--bands <n>', 'how many bands, of equal width on a log scale', positiveInteger, 5)
    .option('--noise-rms <levels>', 'strength in grey levels of 255, root mean square', positiveNumber, 12)
    .option('--noise-seed <n>', 'seed of the noise', wholeNumber, 0)
    .addOption(
      new Option('--split <name>', 'folds (default: by study, else patient, else section)').choices([
        ...SPLIT_NAMES.filter((name) => name !== 'task'),
      ]),
    )
    .option('--folds <n>', 'folds of the random splits', positiveInteger, 10)
    .option('--split-seed <n>', 'seed of the random splits', wholeNumber, 0);
  return addPatchOriginOptions(addCohortOptions(addProbeOptions(command)));
}

function refuseIdleNoise(flags: Flags, command: Command): void {
  if (flags.noiseBands !== undefined) return;
  const given = NOISE_OPTIONS.find((name) => command.getOptionValueSource(name) === 'cli');
  if (given === undefined) return;
  const flag = `--${given.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
  throw new UsageError('frequency', {
    need: `--noise-bands <cohort> with ${flag}`,
    found: `${flag} alone`,
    next: `name a cohort, or leave ${flag} out`,
  });
}

/** The ablation on the cohort, where one is named. */
async function measureNoise(
  { signal, markFailed }: CommandContext,
  flags: Flags,
  command: Command,
): Promise<BandNoiseRun | null> {
  if (flags.noiseBands === undefined) return null;
  const { ablateBands } = await import('../pipeline/index.ts');
  const targets = await targetOptions(flags, command, 'train');
  const { sections, failures } = await readSections(flags.noiseBands, flags, signal);
  reportFailures(failures, markFailed);
  const { bands, noiseRms, noiseSeed, split, folds, splitSeed, patches, precutMpp, pca } = flags;
  using progress = embedProgress();
  return ablateBands(sections, encoderSettings(flags), {
    ...{
      bands,
      rms: noiseRms,
      seed: noiseSeed,
      targets,
      split,
      folds,
      splitSeed,
      patches,
      precutMpp,
      signal,
    },
    probe: probeOptions(flags),
    components: pca === 'none' ? undefined : pca,
    onProgress: (round, done, total) => {
      progress.onProgress(round === 0 ? 'clean' : `band ${round} of ${bands}`, done, total);
    },
  });
}

export function frequencyCommand(): Command {
  const command = new Command('frequency')
    .summary('which spatial frequencies a backbone keeps')
    .description(
      'Spectra of tokens block by block, effective poles of state-space layers, and noise in bands of frequencies.',
    )
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
  addEncoderOptions(command).option('--json', 'print the whole result as JSON');
  addNoiseOptions(command).addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async (context, folder: string, flags: Flags, self: Command) => {
      refuseIdleNoise(flags, self);
      const { analyzeFrequency, writeRun } = await import('../pipeline/index.ts');
      const { most, classToken } = flags;
      const { signal } = context;
      const analysis = await analyzeFrequency(folder, encoderSettings(flags), { most, classToken, signal });
      const run: FrequencyRun = { ...analysis, noise: await measureNoise(context, flags, self) };
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
