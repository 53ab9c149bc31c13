import { Command, Option } from 'commander';
import type { CoordsLayout } from '../slide/index.ts';
import { failureLines, reportFailures } from './cohort-options.ts';
import { positiveInteger, positiveNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { Progress } from './progress.ts';
import { runCommand } from './run-command.ts';
import {
  addShardOption,
  addTissueOptions,
  LAYOUTS,
  patchOptions,
  runOptions,
  type SlideFlags,
  slideTable,
} from './slide-options.ts';

interface Flags extends SlideFlags {
  readonly out: string;
  readonly patchUm?: number;
  readonly patchPx?: number;
  readonly targetMpp?: number;
  readonly layout: CoordsLayout;
  readonly geojson?: boolean;
  readonly overlay: boolean;
  readonly json?: boolean;
}

/** Patches of 112 um at 224 px, where no size is stated. */
const DEFAULT_SIZE = { patchUm: 112, patchPx: 224 } as const;

const EXAMPLES = `
Examples:
  # patches of 112 um, delivered at 224 px, of all slides of a folder
  $ mvhybrid tile slides/ --out tiles/
  # 256 px at 0.5 um/px, at least 15 % tissue, without pen marks, in TRIDENT's layout
  $ mvhybrid tile slides/ --patch-px 256 --target-mpp 0.5 --min-tissue 0.15 --drop ink --layout trident --out tiles/
  # 256 level-0 pixels as CLAM cuts them, tissue drawn in QuPath, squares back to QuPath
  $ mvhybrid tile a.svs --patch-px 256 --mask a.geojson --geojson --out tiles/
  # the list on four machines that share a disk
  $ mvhybrid tile list.txt --shard 1/4 --out tiles/

Sizes: --patch-um (micrometres), --patch-px (pixels delivered), --target-mpp (micrometres per delivered pixel); one or
two of them, --target-mpp not alone. --patch-px alone means level-0 pixels.
Writes <slide>.h5 (coords), <slide>.png (what was kept), <slide>.json (numbers and choices), state/ and
run-report.json. Slides that are done are skipped; one that fails is listed at the end, and the exit code is 1.
`;

function sizeOf({ patchUm, patchPx, targetMpp }: Flags) {
  const given = Object.entries({ patchUm, patchPx, targetMpp }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? DEFAULT_SIZE : Object.fromEntries(given);
}

export function tileCommand(): Command {
  const command = new Command('tile')
    .summary('whole slides to patch coordinates')
    .description(
      'Finds the tissue of every slide, lays a grid of patches and writes their coordinates (HDF5).',
    )
    .argument('<slides...>', 'slide files, folders of slides, or text lists (one path a line)')
    .requiredOption('--out <folder>', 'where the files go')
    .option('--patch-um <um>', 'side of a patch in micrometres (default: 112)', positiveNumber)
    .option('--patch-px <px>', 'side of a patch in pixels (default: 224)', positiveInteger)
    .option('--target-mpp <um>', 'micrometres per pixel of the patch', positiveNumber)
    .addOption(
      new Option('--layout <tool>', 'whose attributes the coordinates carry')
        .choices(LAYOUTS)
        .default('clam'),
    )
    .option('--geojson', 'also write tissue and patches for QuPath')
    .option('--no-overlay', 'do not write the pictures of what was kept');
  addShardOption(addTissueOptions(command))
    .option('--overwrite', 'replace results made with other settings')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async ({ signal, markFailed }, inputs: string[], flags: Flags) => {
      const { listSlides, shardOf, tileSlides } = await import('../pipeline/index.ts');
      const entries = await listSlides(inputs);
      const { shard } = flags;
      const total = shard === undefined ? entries.length : shardOf(entries, shard).length;
      using progress = new Progress({ label: 'tiling', total, unit: 'slides' });
      let place = 0;
      const run = await tileSlides(entries, flags.out, {
        ...(await patchOptions(flags)),
        ...sizeOf(flags),
        layout: flags.layout,
        geojson: flags.geojson ?? false,
        overlay: flags.overlay,
        signal,
        run: {
          ...runOptions(flags, signal),
          onSlide: ({ id }, index) => {
            place = index;
            progress.update(index, id);
          },
        },
        onProgress: (id, { step }) => progress.update(place, `${id}: ${step}`),
      });
      progress.update(run.outcomes.length);
      progress.stop();
      const failures = failureLines(run.failures);
      createOutput(flags.json ?? false).result({ ...run, failures }, () => slideTable(run));
      reportFailures(run.failures, markFailed);
    }),
  );
}
