import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Prediction } from '../pipeline/index.ts';
import { isSlideName } from '../pipeline/slides/slide-list.ts';
import type { Region } from '../slide/index.ts';
import {
  addCohortOptions,
  addPatchOriginOptions,
  type CohortFlags,
  droppedLines,
  PATCH_ORIGIN_NAMES,
  type PatchOriginFlags,
  readSections,
  reportFailures,
} from './cohort-options.ts';
import { embedProgress } from './embed-progress.ts';
import { addComputeOptions, type ComputeFlags } from './encoder-options.ts';
import { nameList, positiveNumber, rectangle } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { runPredictSlide } from './predict-slide-run.ts';
import { runCommand } from './run-command.ts';
import { addTissueOptions, refuseOptions, SLIDE_OPTION_NAMES, type SlideFlags } from './slide-options.ts';

interface Flags extends ComputeFlags, CohortFlags, PatchOriginFlags, SlideFlags {
  readonly out: string;
  readonly genes?: string[];
  readonly spotUm: number;
  readonly compare?: boolean;
  readonly slide?: boolean;
  readonly region?: Region;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ mvhybrid predict model/head.safetensors cohort/ --sections C3 --genes ERBB2,CD74 --out predicted/
  # measured counts beside the prediction
  $ mvhybrid predict model/head.safetensors section/ --weights mvhybrid.pth --genes ERBB2 --compare --out predicted/
  # a whole slide, recognised by its name (or --slide)
  $ mvhybrid predict model/head.safetensors slide.svs --weights mvhybrid.pth --genes ERBB2 --out predicted/
  # a part of it: left, top, width and height in level-0 pixels
  $ mvhybrid predict model/head.safetensors slide.svs --region 8000,12000,4000,4000 --out predicted/

Writes predictions.csv (barcode, centre in level-0 pixels, one column per gene: ln(1 + count)) and maps/<gene>.png.
For a whole slide also predictions.h5ad, predictions.geojson (squares for QuPath) and maps/<gene>.tif (a pyramid).
Encoder and patch size come from the head; a head on published weights needs the same file with --weights.
`;

function report({ table, maps, spots, genes }: Prediction): string {
  const lines = [
    `${genes} genes at ${spots} spots: ${table}`,
    ...maps.map(({ gene, path }) => `map of ${gene}: ${path}`),
  ];
  if (maps.length === 0) lines.push('no maps: name genes with --genes');
  return lines.join('\n');
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .summary('expression of a section or a whole slide from its image')
    .description(
      'Predicts gene expression at every spot of a section, or everywhere on the tissue of a whole slide, and draws the genes asked for.',
    )
    .argument('<head>', 'a head written by `fit`')
    .argument('<section>', 'the section, a cohort with --sections naming one of it, or a whole slide')
    .requiredOption('--out <folder>', 'where table, maps and embeddings go')
    .option('--genes <names>', 'genes to draw, between commas', nameList)
    .option('--compare', 'draw measured counts beside the prediction where the section has them')
    .option('--spot-um <um>', 'diameter of the drawn discs', positiveNumber, 100);
  addPatchOriginOptions(addCohortOptions(addComputeOptions(command)))
    .option('--overwrite', 'replace embeddings made with other settings')
    .option('--json', 'print the result as JSON')
    .optionsGroup('Whole slides:')
    .option('--slide', 'the argument is a whole slide, whatever its name')
    .option(
      '--region <x,y,w,h>',
      'only patches whose centre lies in this rectangle (level-0 pixels)',
      rectangle,
    );
  addTissueOptions(command).addHelpText('after', EXAMPLES);
  return command.action(
    runCommand(async (context, headPath: string, path: string, flags: Flags, self: Command) => {
      const { signal, markFailed } = context;
      const { predictSection } = await import('../pipeline/index.ts');
      const { readExpressionHead } = await import('../eval/index.ts');
      const head = await readExpressionHead(headPath);
      if (flags.slide || isSlideName(path)) {
        refuseOptions(self, PATCH_ORIGIN_NAMES, 'prediction of a whole slide');
        return runPredictSlide(context, head, path, flags, self);
      }
      refuseOptions(self, [...SLIDE_OPTION_NAMES, 'region'], 'prediction of sections');
      const cohort = await readSections(path, flags, signal);
      if (cohort.sections.length > 1) {
        throw new UsageError('predict', {
          need: 'one section',
          found: `${cohort.sections.length} in ${path}`,
          next: `name one with --sections, e.g. --sections ${cohort.sections[0]!.id}`,
        });
      }
      for (const line of droppedLines(cohort.sections)) process.stderr.write(`${line}\n`);
      const { overwrite = false, patches, precutMpp } = flags;
      using progress = embedProgress();
      const prediction = await predictSection(head, cohort.sections[0]!, {
        folder: flags.out,
        mapGenes: flags.genes ?? [],
        weights: flags.weights,
        device: flags.device,
        threads: flags.threads,
        spotUm: flags.spotUm,
        compare: flags.compare ?? false,
        embed: { overwrite, patches, precutMpp, onProgress: progress.onProgress },
      });
      progress.stop();
      createOutput(flags.json ?? false).result(prediction, report);
      reportFailures(cohort.failures, markFailed);
    }),
  );
}
