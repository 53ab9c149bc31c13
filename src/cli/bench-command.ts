import { Command, Option } from 'commander';
import { BACKBONE_NAMES } from '../backbones/registry.ts';
import type { UserSpeeds } from '../bench/user-speed.ts';
import { parseDevice } from '../tensor/device.ts';
import { choiceList, inputSide, positiveInteger, positiveNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { formatDuration } from './progress.ts';
import { runCommand } from './run-command.ts';
import { type ColumnSpec, formatTable } from './table.ts';

interface BenchFlags {
  readonly backbones: string[];
  readonly size: number;
  readonly batch: number;
  readonly seconds: number;
  readonly slide: number;
  readonly device: ReturnType<typeof parseDevice>;
  readonly threads?: number;
  readonly json?: boolean;
}

const COLUMNS = (patches: number): readonly ColumnSpec[] => [
  'backbone',
  { header: 'patches/s', align: 'right' },
  { header: 'GFLOP/s', align: 'right' },
  { header: 'spread', align: 'right' },
  { header: `${patches.toLocaleString('en-US')} patches`, align: 'right' },
];

function report({ threads, speeds }: UserSpeeds, { size, batch, slide }: BenchFlags): string {
  const rows = speeds.map(({ backbone, patchesPerSecond, gflopsPerSecond, spread, secondsPerSlide }) => [
    backbone,
    patchesPerSecond.toFixed(1),
    gflopsPerSecond.toFixed(0),
    `${(100 * spread).toFixed(0)} %`,
    formatDuration(1000 * secondsPerSlide),
  ]);
  return [
    `${size} px patches in batches of ${batch}, ${threads} threads; random weights (they do not change the speed)`,
    formatTable(COLUMNS(slide), rows),
  ].join('\n\n');
}

export function benchCommand(): Command {
  return new Command('bench')
    .summary('patches per second on this machine, and the time of a slide')
    .description(
      'Measures how fast backbones embed patches here: 8-bit RGB in, features out. Reading and resampling a slide runs beside it and is not counted.',
    )
    .addOption(
      new Option('--backbones <list>', 'which, separated by commas')
        .argParser(choiceList(BACKBONE_NAMES))
        .default(['mv-hybrid', 'vit-12'], 'mv-hybrid,vit-12'),
    )
    .option('--size <px>', 'side of the patches', inputSide, 256)
    .option('--batch <n>', 'patches per forward pass', positiveInteger, 16)
    .option('--seconds <s>', 'time to measure each backbone for', positiveNumber, 10)
    .option('--slide <patches>', 'patches of a slide, for its expected time', positiveInteger, 10_000)
    .addOption(new Option('--device <name>', 'cpu, cuda or cuda:N').argParser(parseDevice).default('cpu'))
    .option('--threads <n>', 'threads per operation (default: all cores)', positiveInteger)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ mvhybrid bench
  $ mvhybrid bench --backbones mv-hybrid,vit-24 --size 224 --slide 25000`,
    )
    .action(
      runCommand(async (_context, flags: BenchFlags) => {
        const { measureUserSpeeds } = await import('../bench/user-speed.ts');
        const { backbones, size, batch, seconds, slide, device, threads, json = false } = flags;
        const onBackbone = (name: string): void => {
          if (process.stderr.isTTY) process.stderr.write(`measuring ${name} for ${seconds} s\n`);
        };
        const sizes = { imagePx: size, batch, seconds, slidePatches: slide };
        const speeds = measureUserSpeeds({ ...sizes, backbones, device, threads, onBackbone });
        createOutput(json).result(speeds, (result) => report(result, flags));
      }),
    );
}
