/** `predict` on a whole slide. */
import type { Command } from 'commander';
import type { ExpressionHead } from '../eval/index.ts';
import type { SlidePredictionFiles } from '../pipeline/index.ts';
import type { Region } from '../slide/index.ts';
import { embedProgress } from './embed-progress.ts';
import type { ComputeFlags } from './encoder-options.ts';
import { createOutput } from './output.ts';
import type { CommandContext } from './run-command.ts';
import {
  patchOptions,
  refuseIdleLimits,
  refuseOptions,
  runOptions,
  type SlideFlags,
} from './slide-options.ts';

interface Flags extends ComputeFlags, SlideFlags {
  readonly out: string;
  readonly genes?: string[];
  readonly region?: Region;
  readonly json?: boolean;
}

function report({ table, h5ad, geojson, maps, patches, genes }: SlidePredictionFiles): string {
  const lines = [
    `${genes} genes at ${patches} patches: ${table}`,
    `AnnData: ${h5ad}`,
    `squares for QuPath: ${geojson}`,
    ...maps.map(({ gene, path, heatMap }) => `map of ${gene}: ${path}, pyramid ${heatMap}`),
  ];
  if (maps.length === 0) lines.push('no maps: name genes with --genes');
  return lines.join('\n');
}

/** Predicts one slide and prints where the files are. */
export async function runPredictSlide(
  { signal }: CommandContext,
  head: ExpressionHead,
  path: string,
  flags: Flags,
  command: Command,
): Promise<void> {
  const unused = ['sections', 'matrix', 'unplacedCounts', 'compare', 'spotUm'];
  refuseOptions(command, unused, 'prediction of a whole slide');
  refuseIdleLimits(flags);
  const { predictSlide } = await import('../pipeline/index.ts');
  // One grid for the whole slide: no place is predicted twice.
  const region = flags.region === undefined ? {} : { region: flags.region };
  const patches = { grid: 'slide' as const, ...(await patchOptions(flags)), ...region };
  using progress = embedProgress();
  const files = await predictSlide(head, path, {
    folder: flags.out,
    mapGenes: flags.genes ?? [],
    weights: flags.weights,
    device: flags.device,
    threads: flags.threads,
    patches,
    run: runOptions(flags, signal),
    onProgress: progress.onProgress,
  });
  progress.stop();
  createOutput(flags.json ?? false).result(files, report);
}
