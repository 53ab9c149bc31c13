import { Command, Option } from 'commander';
import type { FeatureKind } from '../backbones/features.ts';
import { UsageError } from '../errors.ts';
import type { PictureFormat } from '../pipeline/index.ts';
import { PICTURE_FORMATS } from '../pipeline/labelled-data.ts';
import type { Plan, ReproduceOptions, ReproductionRun } from '../reproduce/index.ts';
import { SCALE_NAMES, type ScaleName, SIX_BACKBONES } from '../reproduce/scales.ts';
import { parseDevice } from '../tensor/device.ts';
import { reportFailures } from './cohort-options.ts';
import { choiceList, nameList, positiveInteger, wholeNumber } from './option-parsers.ts';
import { createOutput } from './output.ts';
import { assignment, type Plain } from './pretrain-command.ts';
import { formatDuration, Progress } from './progress.ts';
import { runCommand } from './run-command.ts';
import { formatTable } from './table.ts';

interface Flags {
  readonly out: string;
  readonly data: string;
  readonly scale: ScaleName;
  readonly seeds: number;
  readonly backbones: string[];
  readonly features: FeatureKind;
  readonly dataSeed: number;
  readonly pretrainPictures?: string;
  readonly classification?: string;
  readonly retrieval?: string[];
  readonly format: PictureFormat;
  readonly survivalSlides?: string;
  readonly survivalTable?: string;
  readonly set: Plain;
  readonly device: ReturnType<typeof parseDevice>;
  readonly threads?: number;
  readonly plan?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  # the whole comparison on generated tissue, in minutes
  $ mvhybrid reproduce --data generated --scale tiny --seeds 3 --out reproduction/
  # the same on real sections; what it will take, first
  $ mvhybrid reproduce --data cohort/ --scale tiny --seeds 3 --out reproduction/ --plan
  # two backbones at the paper's size, pretrained on a folder of 256 px patches
  $ mvhybrid reproduce --data hest/ --scale paper --backbones mv-hybrid,vit-12 --pretrain-pictures tiles/ --device cuda --out reproduction/

All backbones get the same patches, recipe and seeds; then a random split of sections against held-out studies (patients
where there is one study), frequencies of tokens, and a verdict per claim of the paper with its rule. Killed at any time,
the same command goes on where it was. Writes result.json, cost.json, report.html, .md, .csv, .json, and the folders
pretrain/, benchmark/, frequency/ with one folder per backbone and seed.
`;

function survivalOf({ survivalSlides: slides, survivalTable: table }: Flags) {
  if (slides === undefined && table === undefined) return undefined;
  if (slides !== undefined && table !== undefined) return { slides, table };
  throw new UsageError('reproduce', {
    need: 'both --survival-slides and --survival-table, or neither',
    found: slides === undefined ? '--survival-table' : '--survival-slides',
  });
}

function optionsOf(flags: Flags, signal: AbortSignal): ReproduceOptions {
  const { ssl = {}, cohort, ...strange } = flags.set as { ssl?: Plain; cohort?: ReproduceOptions['cohort'] };
  const key = Object.keys(strange)[0];
  if (key !== undefined)
    throw new UsageError('reproduce', { need: '--set of ssl.* or cohort.*', found: key });
  return {
    ...flags,
    ssl,
    ...(cohort === undefined ? {} : { cohort }),
    pictures: flags.pretrainPictures,
    tasks: {
      classification: flags.classification,
      retrieval: flags.retrieval,
      format: flags.format,
      survival: survivalOf(flags),
    },
    signal,
  };
}

/** One line per kind of stage; all stages would be a page. */
export function planText({ stages, expectedSeconds, steps, costs }: Plan): string {
  const groups = new Map<string, { count: number; seconds: number; finished: number }>();
  for (const { id, expectedSeconds: seconds, finished } of stages) {
    const name = id.split('/').slice(0, 2).join(' ');
    const group = groups.get(name) ?? { count: 0, seconds: 0, finished: 0 };
    group.count++;
    group.seconds += seconds;
    group.finished += finished ? 1 : 0;
    groups.set(name, group);
  }
  const rows = [...groups].map(([name, { count, seconds, finished }]) => [
    name,
    String(count),
    String(finished),
    formatDuration(1000 * seconds),
  ]);
  const speeds = Object.entries(costs.backbones).map(
    ([name, { step, patch }]) => `${name} ${step.toFixed(2)} s/step, ${(1000 * patch).toFixed(1)} ms/patch`,
  );
  const right = (header: string) => ({ header, align: 'right' as const });
  return [
    formatTable(['stage', right('number'), right('finished'), right('expected')], rows),
    `measured just now, ${steps} steps each: ${speeds.join('; ')}`,
    `expected for what is left: ${formatDuration(1000 * expectedSeconds)}`,
  ].join('\n');
}

function resultText({ result, files }: ReproductionRun): string {
  const rows = result.backbones.map(({ paperName, random, heldOut, drop }) => [
    paperName,
    random.pcc.mean.toFixed(3),
    heldOut.pcc.mean.toFixed(3),
    drop.pcc.percent.toFixed(1),
  ]);
  const right = (header: string) => ({ header, align: 'right' as const });
  const columns = ['model', right('PCC random'), right(`PCC by ${result.heldOutBy}`), right('drop %')];
  const verdicts = result.claims.map(({ claim, verdict, reason }) => `${verdict}: ${claim} (${reason})`);
  return [formatTable(columns, rows), ...verdicts, `written: ${files.join(', ')}`].join('\n');
}

/** A progress line per stage, with the time left of the whole run. */
function stageProgress() {
  let current: { stage: string; progress: Progress } | undefined;
  const stop = () => {
    current?.progress.stop();
    current = undefined;
  };
  return {
    stop,
    [Symbol.dispose]: stop,
    show(
      stage: string,
      place: string,
      { done, total, left }: { done: number; total: number; left: string },
    ): void {
      if (current?.stage !== stage) {
        stop();
        process.stderr.write(`[${place}] ${stage}, ${left} left in all\n`);
        current = { stage, progress: new Progress({ label: stage, total: undefined, unit: 'done' }) };
      }
      if (total > 0) current.progress.update(done, `of ${total}, ${left} left in all`);
    },
  };
}

function addTaskOptions(command: Command): Command {
  return command
    .option('--classification <folder>', 'labelled pictures, for the classification task')
    .option('--retrieval <folders>', 'labelled pictures: support,gallery, or one folder with parts', nameList)
    .addOption(
      new Option('--format <name>', 'how these folders tell labels')
        .choices([...PICTURE_FORMATS])
        .default('folders'),
    )
    .option('--survival-slides <path>', 'slides, a folder or a list, for the survival task')
    .option('--survival-table <file>', 'their follow-up (CSV, as for `benchmark survival`)');
}

export function reproduceCommand(): Command {
  const command = new Command('reproduce')
    .summary("the paper's comparison of six backbones, from pretraining to verdicts")
    .description(
      'Pretrains six backbones alike, compares them on random and held-out splits, and judges the claims of the paper.',
    )
    .requiredOption('--out <folder>', 'folder of the run')
    .option('--data <path>', '`generated`, or a cohort as for `benchmark expression`', 'generated')
    .addOption(new Option('--scale <name>', 'size of everything').choices([...SCALE_NAMES]).default('tiny'))
    .option('--seeds <n>', 'pretrainings of every backbone', positiveInteger, 3)
    .option('--backbones <names>', SIX_BACKBONES.join(', '), choiceList(SIX_BACKBONES), [...SIX_BACKBONES])
    .addOption(
      new Option('--features <kind>', 'class token and mean patch token, or class token alone')
        .choices(['cls+mean', 'cls'])
        .default('cls+mean'),
    )
    .option('--data-seed <n>', 'seed of the generated cohort', wholeNumber, 0)
    .option('--pretrain-pictures <folder>', "pretrain on these patches instead of the cohort's");
  return addTaskOptions(command)
    .option(
      '--set <key=value>',
      'ssl.* of the run file, or cohort.* of the generated cohort; may be repeated',
      assignment,
      {},
    )
    .addOption(new Option('--device <name>', 'cpu, cuda or cuda:N').argParser(parseDevice).default('cpu'))
    .option('--threads <n>', 'threads per operation (default: all cores)', positiveInteger)
    .option('--plan', 'print what would be done and the time expected, and end')
    .option('--json', 'print the result (or the plan) as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      runCommand(async ({ signal, markFailed }, flags: Flags) => {
        const { planReproduction, reproduce } = await import('../reproduce/index.ts');
        const options = optionsOf(flags, signal);
        const output = createOutput(flags.json ?? false);
        const onCalibration = (name: string) => process.stderr.write(`measuring ${name}\n`);
        if (flags.plan) {
          output.result(await planReproduction(options, onCalibration), planText);
          return;
        }
        using progress = stageProgress();
        const run = await reproduce(options, {
          onCalibration,
          onPlan: (plan) => process.stderr.write(`${planText(plan)}\n`),
          onProgress: ({ stage, index, stages, done, total, secondsLeft }) =>
            progress.show(stage, `${index}/${stages}`, {
              done,
              total,
              left: formatDuration(1000 * secondsLeft),
            }),
        });
        progress.stop();
        output.result({ ...run.result, files: run.files }, () => resultText(run));
        reportFailures(run.failures, markFailed);
      }),
    );
}
