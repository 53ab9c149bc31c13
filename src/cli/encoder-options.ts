/** Options of every command that runs an encoder over patches. */
import { type Command, Option } from 'commander';
import type { FeatureKind } from '../backbones/features.ts';
import { BACKBONE_NAMES } from '../backbones/registry.ts';
import type { EncoderSettings } from '../pipeline/index.ts';
import { parseDevice } from '../tensor/device.ts';
import { inputSide, positiveInteger, positiveNumber, wholeNumber } from './option-parsers.ts';

export interface ComputeFlags {
  readonly weights?: string;
  readonly device: ReturnType<typeof parseDevice>;
  readonly threads?: number;
}

export interface EncoderFlags extends ComputeFlags {
  readonly backbone?: string;
  readonly randomInit?: number;
  readonly features: FeatureKind;
  readonly patchUm: number;
  readonly size: number;
  readonly batch: number;
}

/** `--weights`, `--device`, `--threads`. */
export function addComputeOptions(command: Command): Command {
  return command
    .option('--weights <file>', 'encoder weights: .safetensors, or a PyTorch checkpoint (.pth)')
    .addOption(new Option('--device <name>', 'cpu, cuda or cuda:N').argParser(parseDevice).default('cpu'))
    .option('--threads <n>', 'threads per operation (default: all cores)', positiveInteger);
}

/** `--backbone`, `--random-init`. */
export function addBackboneOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--backbone <name>',
        'encoder (default: what the weights file says, else mv-hybrid)',
      ).choices([...BACKBONE_NAMES]),
    )
    .option(
      '--random-init <seed>',
      'random weights from this seed instead of --weights (a control)',
      wholeNumber,
    );
}

/** Everything in {@link EncoderFlags}. */
export function addEncoderOptions(command: Command): Command {
  return addComputeOptions(addBackboneOptions(command))
    .addOption(
      new Option('--features <kind>', 'class token and mean patch token, or class token alone')
        .choices(['cls+mean', 'cls'])
        .default('cls+mean'),
    )
    .option('--patch-um <um>', 'physical side of the patch around a spot', positiveNumber, 112)
    .option('--size <px>', 'side of the encoder input the patch is resampled to', inputSide, 224)
    .option('--batch <n>', 'patches per forward pass', positiveInteger, 16);
}

/** The flags as the pipeline takes them. */
export function encoderSettings(flags: EncoderFlags): EncoderSettings {
  const { backbone, weights, randomInit, device, threads, features, patchUm, size, batch } = flags;
  return { backbone, weights, randomInit, device, threads, features, patchUm, sizePx: size, batch };
}
